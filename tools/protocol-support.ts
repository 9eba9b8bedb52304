/** Prints docs/protocol-support.md: `npm run --silent protocol-support > docs/protocol-support.md`. A test compares the two. */
import { pathToFileURL } from 'node:url';
import { FIRST_VERSION as DRAFTS_SINCE } from '../lib/commands/sync/drafts.ts';
import { emailClass } from '../lib/commands/sync/email.ts';
import type { SyncItemClass } from '../lib/commands/sync/item-class.ts';
import { FIRST_VERSION as SMS_SINCE, smsClass } from '../lib/commands/sync/sms.ts';
import { targetOf } from '../lib/infra/routing-rules.ts';
import type { AnyCommand } from '../lib/protocol/command.ts';
import { commonStatuses, httpStatusFor } from '../lib/protocol/statuses.ts';
import { hasVersion, type ProtocolVersion, SUPPORTED_VERSIONS, versionName } from '../lib/protocol/versions.ts';
import { COMMANDS, type StatusTable } from './protocol-commands.ts';
import {
  AFTER,
  BEFORE,
  CLASSES_AFTER,
  COMMANDS_AFTER,
  COMMON_BEFORE,
  COVERED,
  STATUSES_BEFORE,
} from './protocol-remarks.ts';

/** From here on a command's own document says common statuses. */
const FIRST_WITH_STATUS = 140;
const VERSION_LACKS_COMMAND = 138;

export function protocolPage(): string {
  const names = SUPPORTED_VERSIONS.map(versionName);
  const versions = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return [
    '# Protocol support',
    BEFORE.replace('{versions}', versions),
    '## Commands',
    table(
      ['command', ...names, 'on AWS by', 'what is covered'],
      COMMANDS.map(({ command }) => commandRow(command)),
    ),
    COMMANDS_AFTER,
    '## Statuses',
    STATUSES_BEFORE,
    table(['command', 'of', 'statuses'], COMMANDS.flatMap(statusRows)),
    COMMON_BEFORE,
    table(['up to 12.1', 'from 14.0 on'], commonRows()),
    '## Item classes',
    table(['class', ...names, 'a device may'], CLASSES.map(classRow)),
    CLASSES_AFTER,
    '## Beside the commands',
    AFTER,
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

function commandRow(command: AnyCommand): string[] {
  const { name, versions = {} } = command;
  const covered = COVERED[name];
  if (covered === undefined) throw new Error(`nothing is said of ${name}`);
  return [
    name,
    ...SUPPORTED_VERSIONS.map((one) => (hasVersion(versions, one) ? 'yes' : lacking(command, one))),
    laneOf(name),
    covered,
  ];
}

/** Of the load balancer's rules, by the command alone. */
function laneOf(name: string): string {
  const target = targetOf(name);
  return target === 'holder' ? 'the task' : `function \`${target}\``;
}

/** What the dispatcher answers a version that does not have the command. */
function lacking(command: AnyCommand, version: ProtocolVersion): string {
  const http = httpStatusFor(VERSION_LACKS_COMMAND, { command: command.name, hasPolicyKey: true });
  if (version < FIRST_WITH_STATUS) return `${http}`;
  try {
    command.failure(VERSION_LACKS_COMMAND);
    return `${VERSION_LACKS_COMMAND}`;
  } catch {
    // It has no document that could say so.
    return `${http}`;
  }
}

function statusRows({ command, statuses }: (typeof COMMANDS)[number]): string[][] {
  return Object.entries(statuses).map(([of, statusTable], place) => [
    place === 0 ? command.name : '',
    of,
    said(statusTable),
  ]);
}

const said = (statuses: StatusTable) =>
  Object.entries(statuses)
    .sort(([, a], [, b]) => a - b)
    .map(([name, status]) => `${status} ${name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()}`)
    .join(', ');

function commonRows(): string[][] {
  const byHttp = Map.groupBy(commonStatuses(), ({ http }) => http);
  return [...byHttp]
    .sort(([a], [b]) => a - b)
    .map(([http, all]) => [
      `HTTP ${http}`,
      all.map(({ code, label }) => `${code} ${label.replaceAll('-', ' ')}`).join(', '),
    ]);
}

const services = {} as never;
const CLASSES: readonly { readonly handler: SyncItemClass; readonly since?: ProtocolVersion; readonly adds: string }[] =
  [
    {
      handler: emailClass(services, services),
      adds: `add, change and send drafts from ${versionName(DRAFTS_SINCE)} on`,
    },
    { handler: smsClass(services), since: SMS_SINCE, adds: 'add' },
  ];

function classRow({ handler, since, adds }: (typeof CLASSES)[number]): string[] {
  const versions = SUPPORTED_VERSIONS.map((version) => (hasVersion({ since }, version) ? 'yes' : 'no'));
  const may = `read state, flag, categories; delete${handler.create ? `; ${adds}` : ''}`;
  return [handler.itemClass, ...versions, may];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.stdout.write(protocolPage());
