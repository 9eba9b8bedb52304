import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One requirement that Microsoft's own test suites verify: its id and where it stands, not its text. */
export interface Requirement {
  readonly document: string;
  readonly id: string;
  readonly section: string;
  /** The command that it speaks of, where its topic or section says so. */
  readonly command: string;
}

const ROOT = path.join(import.meta.dirname, '..', '..');
const LEDGER = path.join(import.meta.dirname, 'ledger.tsv');

/** Where the requirement texts are, when this machine has them. */
export function requirementsFolder(): string | undefined {
  const folder = path.join(process.env.PROTOCOL_DIR ?? path.join(ROOT, '..', 'shared', 'protocol'), 'requirements');
  return existsSync(folder) ? folder : undefined;
}

export function readLedger(): readonly Requirement[] {
  return rows(readFileSync(LEDGER, 'utf8')).map(([document, id, section, command]) => ({
    document: document!,
    id: id!,
    section: section!,
    command: command ?? '',
  }));
}

/** Requirements that no test proves, and why; `*` stands for a whole document. */
export interface Unproved {
  readonly document: string;
  readonly ids: readonly string[];
  readonly reason: string;
}

export function readUnproved(): readonly Unproved[] {
  return rows(readFileSync(path.join(import.meta.dirname, 'open.tsv'), 'utf8')).map(([document, ids, reason]) => ({
    document: document!,
    ids: ids!.split(' '),
    reason: reason!,
  }));
}

/** Why each is unproved, by `MS-ASCMD R5`. */
export function reasonsOf(ledger: readonly Requirement[]): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const { document, ids, reason } of readUnproved()) {
    const all = ids[0] === '*' ? ledger.filter((one) => one.document === document).map(({ id }) => id) : ids;
    for (const id of all) reasons.set(`${document} ${id}`, reason);
  }
  return reasons;
}

const COMMANDS = [
  ...['Sync', 'SendMail', 'SmartForward', 'SmartReply', 'GetAttachment', 'GetHierarchy', 'FolderSync'],
  ...['FolderCreate', 'FolderDelete', 'FolderUpdate', 'MoveItems', 'GetItemEstimate', 'MeetingResponse', 'Search'],
  ...['Settings', 'Ping', 'ItemOperations', 'Provision', 'ResolveRecipients', 'ValidateCert', 'Find', 'Autodiscover'],
];

/** The requirements as the folder has them; what the ledger must agree with. */
export function deriveLedger(folder: string): readonly Requirement[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.tsv'))
    .sort()
    .flatMap((name) =>
      rows(readFileSync(path.join(folder, name), 'utf8'))
        .filter(([, , , verifiedBy]) => verifiedBy === 'suite')
        .map(([id, section, , , text]) => ({
          document: name.replace('.tsv', ''),
          id: id!,
          section: section!,
          command: commandOf(text ?? ''),
        })),
    );
}

function commandOf(text: string): string {
  const topic = /^\[(?:In )?([^\]]*)\]/.exec(text)?.[1] ?? '';
  const words = new Set(`${topic} ${/^\[[^\]]*\]\s*(.{0,160})/s.exec(text)?.[1] ?? ''}`.split(/[^A-Za-z]+/));
  const exact = COMMANDS.find((command) => topic === command || topic.includes(`(${command})`));
  return exact ?? COMMANDS.find((command) => words.has(command)) ?? '';
}

export function formatLedger(requirements: readonly Requirement[]): string {
  const lines = requirements.map((each) => [each.document, each.id, each.section, each.command].join('\t'));
  return `document\tid\tsection\tcommand\n${lines.join('\n')}\n`;
}

function rows(text: string): readonly string[][] {
  return text
    .split('\n')
    .slice(1)
    .filter((line) => line.length > 0)
    .map((line) => line.split('\t'));
}

/** `[MS-ASCMD R1 R2]` in a test's title says that the test proves these requirements. */
export function idsIn(title: string): readonly { readonly document: string; readonly id: string }[] {
  return [...title.matchAll(/\[(MS-AS[A-Z]+)((?:[ ,]+R\d+)+)\]/g)].flatMap(([, document, list]) =>
    [...list!.matchAll(/R\d+/g)].map(([id]) => ({ document: document!, id })),
  );
}
