import type { Command } from 'commander';
import type { Domain } from '../../lib/embedded/domain.ts';
import type { Group } from '../../lib/identity/groups.ts';
import { withDomain } from './domain.ts';
import { CliError, printList } from './output.ts';

interface GroupFlags {
  readonly name?: string;
  readonly senders?: string;
  readonly member?: readonly string[];
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
}

/** `group add|list|show|change|remove`. */
export function groupCommands(program: Command): void {
  const group = program.command('group').description('distribution groups: one address for many');

  group
    .command('add')
    .description('make a group')
    .argument('<address>')
    .option('--name <name>', 'name shown in the address list')
    .option('--member <address...>', 'accounts, other groups, people elsewhere')
    .option('--senders <who>', 'who may write to it: anyone or members', 'anyone')
    .action((address: string, flags: GroupFlags, command) =>
      withDomain(command, async ({ groups }) => {
        const { name, member: members } = flags;
        const made = await groups.create({ address, name, members, senders: sendersOf(flags) });
        console.error(`${made.address} made, ${made.members.length} members.`);
      }),
    );

  group
    .command('list')
    .description('all groups')
    .option('--json', 'as JSON')
    .action((flags: { json?: boolean }, command) =>
      withDomain(command, async ({ groups }) => {
        const rows = (await groups.list()).map(({ address, name, senders, members }) => ({
          ...{ address, name, senders },
          members: members.length,
        }));
        printList(rows, flags.json ?? false);
      }),
    );

  group
    .command('show')
    .description('members as they are named, and everybody whom mail reaches')
    .argument('<address>')
    .option('--json', 'as JSON')
    .action((address: string, flags: { json?: boolean }, command) =>
      withDomain(command, async (domain) => {
        const found = await knownGroup(domain, address);
        const { accounts, outside } = await domain.groups.expand(found);
        const reached = [...accounts.map((one) => one.address), ...outside];
        const { name, senders, members } = found;
        if (flags.json)
          console.log(JSON.stringify({ address: found.address, name, senders, members, reached }, null, 2));
        else
          printList(
            reached.map((each) => ({ address: each, named: members.includes(each) })),
            false,
          );
      }),
    );

  group
    .command('change')
    .description('members, name, or who may write')
    .argument('<address>')
    .option('--add <address...>', 'new members')
    .option('--remove <address...>', 'members no longer')
    .option('--name <name>')
    .option('--senders <who>', 'anyone or members')
    .action((address: string, flags: GroupFlags, command) =>
      withDomain(command, async (domain) => {
        const { id } = await knownGroup(domain, address);
        const { name, add, remove } = flags;
        const after = await domain.groups.update(id, { name, add, remove, senders: sendersOf(flags) });
        console.error(`${after.address}: ${after.members.length} members, ${after.senders} may write.`);
      }),
    );

  group
    .command('remove')
    .description('remove a group; its address is free then')
    .argument('<address>')
    .action((address: string, _flags, command) =>
      withDomain(command, async (domain) => {
        await domain.groups.remove((await knownGroup(domain, address)).id);
        console.error(`${address} removed.`);
      }),
    );
}

async function knownGroup({ groups }: Domain, address: string): Promise<Group> {
  const found = await groups.byAddress(address);
  if (!found) throw new CliError(`there is no group ${address}`);
  return found;
}

function sendersOf({ senders }: GroupFlags): Group['senders'] | undefined {
  if (senders === undefined || senders === 'anyone' || senders === 'members') return senders;
  throw new CliError('--senders is anyone or members');
}
