import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { AUDIENCES, type Audience, type OofChange, type OofMessage } from '../../lib/delivery/oof/settings.ts';
import { MAX_PHOTO } from '../../lib/identity/photos.ts';
import { withDomain } from './domain.ts';
import { CliError, printList, when } from './output.ts';
import { known } from './user.ts';

/** `user oof|photo|certificate`: what belongs to an account besides its login. */
export function personCommands(user: Command): void {
  oofCommand(user);
  photoCommand(user);
  certificateCommand(user);
}

interface OofFlags {
  readonly on?: boolean;
  readonly off?: boolean;
  readonly from?: string;
  readonly until?: string;
  readonly text?: string;
  readonly internal?: string;
  readonly known?: string;
  readonly unknown?: string;
  readonly silent?: readonly string[];
  readonly html?: boolean;
  readonly json?: boolean;
}

function oofCommand(user: Command): void {
  user
    .command('oof')
    .description('automatic replies: shown without options, changed by them')
    .argument('<address>')
    .option('--on', 'answer until switched off')
    .option('--off', 'answer no more')
    .option('--from <time>', 'answer from then (ISO 8601) ...')
    .option('--until <time>', '... until then')
    .option('--text <text>', 'what everybody is told')
    .option('--internal <text>', 'what colleagues are told')
    .option('--known <text>', 'what those are told to whom the account has written')
    .option('--unknown <text>', 'what everybody else is told')
    .option('--silent <audience...>', `who is told nothing: ${AUDIENCES.join(', ')}`)
    .option('--html', 'the texts are HTML')
    .option('--json', 'as JSON')
    .action((address: string, flags: OofFlags, command) =>
      withDomain(command, async (domain) => {
        const { id } = await known(domain, address);
        const change = oofChange(flags);
        const settings = change ? await domain.oof.set(id, change) : await domain.oof.get(id);
        const { state, start, end, messages } = settings;
        if (flags.json) {
          console.log(JSON.stringify({ state, start, end, messages }, null, 2));
          return;
        }
        const times = state === 2 ? ` from ${when(start)} until ${when(end)} UTC` : '';
        console.log(`${['off', 'on', 'on'][state]}${times}`);
        const rows = AUDIENCES.map((audience) => ({ audience, ...messages[audience] }));
        printList(
          rows.map(({ audience, enabled, text }) => ({ audience, answered: enabled && text !== '', text })),
          false,
        );
      }),
    );
}

/** `undefined` where nothing is asked for. @throws CliError */
function oofChange(flags: OofFlags): OofChange | undefined {
  const { on, off, from, until, text, html = false, silent = [] } = flags;
  if ((from === undefined) !== (until === undefined)) throw new CliError('--from and --until belong together');
  const timed = from !== undefined;
  if ([on, off, timed].filter(Boolean).length > 1)
    throw new CliError('give one of --on, --off and --from with --until');
  const times = timed ? { start: timeOf(from), end: timeOf(until!) } : {};
  if (timed && times.end! <= times.start!) throw new CliError('the end must come after the beginning');
  const messages: Partial<Record<Audience, OofMessage>> = {};
  for (const audience of AUDIENCES) {
    const said = flags[audience] ?? text;
    if (said !== undefined) messages[audience] = { enabled: true, text: said, html };
  }
  for (const audience of silent) {
    if (!isAudience(audience)) throw new CliError(`${audience} is none of ${AUDIENCES.join(', ')}`);
    messages[audience] = { enabled: false, text: '', html: false };
  }
  const state = timed ? 2 : on ? 1 : off ? 0 : undefined;
  if (state === undefined && Object.keys(messages).length === 0) return undefined;
  return { ...(state === undefined ? {} : { state }), ...times, messages };
}

const isAudience = (text: string): text is Audience => (AUDIENCES as readonly string[]).includes(text);

function timeOf(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new CliError(`${text} is no time: 2026-07-01T09:00:00Z`);
  return ms;
}

function photoCommand(user: Command): void {
  user
    .command('photo')
    .description('the photo that the address list shows')
    .argument('<address>')
    .argument('[file]', `a JPEG or PNG of at most ${MAX_PHOTO / 1024} KB`)
    .option('--remove', 'no photo any more')
    .option('--export <file>', 'write the one that there is')
    .action((address: string, file: string | undefined, flags: { remove?: boolean; export?: string }, command) =>
      withDomain(command, async (domain) => {
        const { id } = await known(domain, address);
        if (flags.remove) await domain.photos.remove(id);
        else if (file !== undefined) await domain.photos.set(id, await readFile(file));
        else {
          const photo = await domain.photos.get(id);
          if (!photo) throw new CliError(`${address} has no photo`);
          if (flags.export !== undefined) await writeFile(flags.export, photo);
          console.error(`${photo.length} bytes.`);
          return;
        }
        console.error(flags.remove ? 'Photo removed.' : 'Photo set.');
      }),
    );
}

function certificateCommand(user: Command): void {
  user
    .command('certificate')
    .description('S/MIME certificates with which others encrypt mail to the account; listed without options')
    .argument('<address>')
    .option('--add <file>', 'take over a certificate, PEM or DER')
    .option('--remove <id>', 'remove one')
    .option('--json', 'as JSON')
    .action((address: string, flags: { add?: string; remove?: string; json?: boolean }, command) =>
      withDomain(command, async (domain) => {
        const { id } = await known(domain, address);
        const { certificates } = domain;
        if (flags.add !== undefined) {
          const { id: added } = await certificates.add(id, await readFile(flags.add));
          console.error(`Certificate ${added} added.`);
        } else if (flags.remove !== undefined) {
          if (!(await certificates.remove(id, flags.remove))) throw new CliError('there is no such certificate');
          console.error('Certificate removed.');
        } else {
          const rows = (await certificates.list(id)).map((one) => ({
            id: one.id,
            subject: one.subject,
            from: when(one.validFrom),
            until: when(one.validTo),
          }));
          printList(rows, flags.json ?? false);
        }
      }),
    );
}
