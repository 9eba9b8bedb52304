import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { DEFAULT_POLICY } from '../../lib/identity/policy.ts';
import { withDomain } from './domain.ts';
import { readStdin } from './input.ts';
import { CliError, printList } from './output.ts';
import { known } from './user.ts';

/** `policy show|list|set|remove|assign`. */
export function policyCommands(program: Command): void {
  const policy = program.command('policy').description('what is demanded of devices (MS-ASPROV); by default nothing');

  policy
    .command('show')
    .description('a policy as JSON')
    .argument('[name]', 'its name', DEFAULT_POLICY)
    .action((name: string, _flags, command) =>
      withDomain(command, async ({ policies }) => {
        const found = await policies.get(name);
        if (!found && name !== DEFAULT_POLICY) throw new CliError(`there is no policy ${name}`);
        console.log(JSON.stringify(found ?? { name, settings: {} }, null, 2));
      }),
    );

  policy
    .command('list')
    .description('all policies')
    .option('--json', 'as JSON')
    .action((flags: { json?: boolean }, command) =>
      withDomain(command, async ({ policies }) => {
        const rows = (await policies.list()).map(({ name, settings }) => ({
          name,
          settings: Object.keys(settings).join(' '),
        }));
        printList(rows, flags.json ?? false);
      }),
    );

  policy
    .command('set')
    .description('make or replace a policy from JSON: {"settings": {"DevicePasswordEnabled": true, ...}}')
    .argument('<name>', `its name; ${DEFAULT_POLICY} applies to every account that names no other`)
    .argument('[file]', 'JSON file; standard input when absent')
    .action((name: string, file: string | undefined, _flags, command) =>
      withDomain(command, async ({ policies }) => {
        const text = file ? await readFile(file, 'utf8') : (await readStdin(1_048_576)).toString('utf8');
        await policies.save(name, parse(text));
        console.error(`Policy ${name} set. Devices under it provision again with their next request.`);
      }),
    );

  policy
    .command('remove')
    .description('remove a policy that no account names')
    .argument('<name>')
    .action((name: string, _flags, command) =>
      withDomain(command, async ({ policies }) => {
        if (!(await policies.remove(name))) throw new CliError(`there is no policy ${name}`);
        console.error(`Policy ${name} removed.`);
      }),
    );

  policy
    .command('assign')
    .description('say which policy applies to an account')
    .argument('<address>')
    .argument('[name]', 'back to the default one when absent')
    .action((address: string, name: string | undefined, _flags, command) =>
      withDomain(command, async (domain) => {
        const { id } = await known(domain, address);
        await domain.accounts.update(id, { policy: name ?? null });
        console.error(`${address} is under ${name ?? DEFAULT_POLICY} now.`);
      }),
    );
}

/** What `policy show` prints can be changed and given back. */
function parse(text: string): unknown {
  try {
    const { name: _, ...policy } = JSON.parse(text) as { name?: unknown };
    return policy;
  } catch (error) {
    throw new CliError(`not JSON: ${(error as Error).message}`, { cause: error });
  }
}
