import { type Command, Option } from 'commander';
import type { Domain } from '../../lib/embedded/domain.ts';
import {
  ACCESS_ACTIONS,
  ACCESS_FIELDS,
  type AccessAction,
  type AccessScope,
  judgeAccess,
} from '../../lib/identity/access.ts';
import type { DeviceId } from '../../lib/ops/ids.ts';
import { withDomain } from './domain.ts';
import { CliError, printList } from './output.ts';
import { known } from './user.ts';

interface ScopeFlags {
  readonly domain?: string;
  readonly account?: string;
}
interface AddFlags extends ScopeFlags {
  readonly type?: string;
  readonly model?: string;
  readonly os?: string;
  readonly userAgent?: string;
  readonly note?: string;
  readonly at?: string;
}

const ANYTHING = 'pattern with * and ?; - for a device that has not told';

/** `rule list|add|remove|default|test|apply`. */
export function ruleCommands(program: Command): void {
  const rule = program
    .command('rule')
    .description('which devices are let in: allow, block or quarantine; by default all');

  scoped(rule.command('add'))
    .description('add a rule; of those that match, the first of the account, then of its domain, then for all decides')
    .argument('<action>', ACCESS_ACTIONS.join(', '))
    .option('--type <pattern>', `DeviceType: ${ANYTHING}`)
    .option('--model <pattern>', 'model, as the device tells it')
    .option('--os <pattern>', 'operating system, as the device tells it')
    .option('--user-agent <pattern>', 'User-Agent of its requests')
    .option('--note <text>', 'for people')
    .option('--at <place>', 'place among all rules, from 1 (default: the end)')
    .action((action: string, flags: AddFlags, command: Command) =>
      withDomain(command, async (domain) => {
        const { type, model, os, userAgent, note } = flags;
        const scope = await scopeOf(domain, flags);
        const at = flags.at === undefined ? undefined : place(flags.at);
        const input = { action: actionOf(action), match: { type, model, os, userAgent }, note };
        const { rule: made, changed } = await domain.access.add(input, scope, at);
        console.error(`Rule ${made.id} made. ${devices(changed)}`);
      }),
    );

  rule
    .command('list')
    .description('all rules in their order, and the defaults')
    .option('--json', 'as JSON')
    .action((flags: { json?: boolean }, command: Command) =>
      withDomain(command, async (domain) => {
        const { rules, defaults } = await domain.access.rules();
        const rows = [];
        for (const { id, action, scope, match, note } of rules) {
          const patterns = ACCESS_FIELDS.flatMap((field) => (match[field] ? [`${field}=${match[field]}`] : []));
          rows.push({ id, action, for: await scopeName(domain, scope), match: patterns.join(' '), note });
        }
        for (const { action, scope } of defaults) {
          rows.push({ id: 'default', action, for: await scopeName(domain, scope), match: '', note: undefined });
        }
        printList(rows, flags.json ?? false);
      }),
    );

  rule
    .command('remove')
    .description('remove a rule')
    .argument('<id>')
    .action((id: string, _flags, command: Command) =>
      withDomain(command, async ({ access }) => {
        const changed = await access.remove(id);
        if (changed === undefined) throw new CliError(`there is no rule ${id}`);
        console.error(`Rule ${id} removed. ${devices(changed)}`);
      }),
    );

  scoped(rule.command('default'))
    .description('what holds where no rule matches')
    .argument('<action>', `${ACCESS_ACTIONS.join(', ')}, or none for what the wider scope says`)
    .action((action: string, flags: ScopeFlags, command: Command) =>
      withDomain(command, async (domain) => {
        const wanted = action === 'none' ? undefined : actionOf(action);
        const changed = await domain.access.setDefault(await scopeOf(domain, flags), wanted);
        console.error(`Default set. ${devices(changed)}`);
      }),
    );

  rule
    .command('test')
    .description('what the rules say of a device of an account')
    .argument('<address>')
    .argument('<device>')
    .action((address: string, name: string, _flags, command: Command) =>
      withDomain(command, async (domain) => {
        const account = await known(domain, address);
        const device = await domain.devices.get(account.id, name.toLowerCase() as DeviceId);
        if (!device) throw new CliError(`${address} has no device ${name}`);
        const { action, by } = judgeAccess(await domain.access.rules(), account, device);
        const hand = device.decided ? `; ${device.decided} by hand goes before it` : '';
        console.log(`${action} (${by === 'default' ? 'default' : `rule ${by}`})${hand}`);
      }),
    );

  rule
    .command('apply')
    .description('ask the rules about every device again, after a change was interrupted')
    .action((_flags, command: Command) =>
      withDomain(command, async ({ access }) => console.error(devices(await access.reassess()))),
    );
}

const scoped = (command: Command) =>
  command
    .addOption(new Option('--domain <name>', 'for accounts of this domain').conflicts('account'))
    .option('--account <address>', 'for this account');

async function scopeOf(domain: Domain, flags: ScopeFlags): Promise<AccessScope> {
  if (flags.account !== undefined) return { kind: 'account', account: (await known(domain, flags.account)).id };
  if (flags.domain !== undefined) return { kind: 'domain', domain: flags.domain.toLowerCase() };
  return { kind: 'global' };
}

async function scopeName({ accounts }: Domain, scope: AccessScope): Promise<string> {
  if (scope.kind === 'global') return 'all';
  if (scope.kind === 'domain') return scope.domain;
  return (await accounts.get(scope.account))?.address ?? scope.account;
}

function actionOf(text: string): AccessAction {
  const action = ACCESS_ACTIONS.find((one) => one === text);
  if (!action) throw new CliError(`an action is one of ${ACCESS_ACTIONS.join(', ')}`);
  return action;
}

function place(text: string): number {
  const at = Number(text);
  if (!Number.isSafeInteger(at) || at < 1) throw new CliError('a place is a number from 1');
  return at - 1;
}

const devices = (changed: number) => `${changed} ${changed === 1 ? 'device is' : 'devices are'} treated otherwise now.`;
