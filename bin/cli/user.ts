import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { parse } from 'csv-parse';
import type { Domain } from '../../lib/embedded/domain.ts';
import { AddressTaken } from '../../lib/identity/account-errors.ts';
import { hashMany } from '../../lib/identity/password-hash.ts';
import type { Account } from '../../lib/identity/types.ts';
import { withDomain } from './domain.ts';
import { readPassword } from './input.ts';
import { CliError, printList, when } from './output.ts';
import { progressBar } from './progress.ts';

/** `user add|list|passwd|disable|enable|import|app-password`; more is added to what this gives. */
export function userCommands(program: Command): Command {
  const user = program.command('user').description('accounts: who may log in, and which addresses take mail');

  user
    .command('add')
    .description('make an account with its mailbox; the password is read from standard input')
    .argument('<address>', 'primary mail address')
    .option('--name <name>', 'name shown to others')
    .option('--alias <address...>', 'further addresses')
    .option('--no-password', 'no password of its own: app passwords or outside authentication only')
    .action((address: string, flags: AddFlags, command) =>
      withDomain(command, async ({ accounts }) => {
        const password = flags.password ? await readPassword(`Password for ${address}`) : undefined;
        const account = await accounts.create({ address, name: flags.name, aliases: flags.alias, password });
        console.error(`${account.address} made.`);
      }),
    );

  user
    .command('list')
    .description('all accounts')
    .option('--json', 'as JSON')
    .action((flags: { json?: boolean }, command) =>
      withDomain(command, async ({ accounts }) => {
        const rows = [];
        for await (const account of accounts.list()) rows.push(accountRow(account));
        printList(rows, flags.json ?? false);
      }),
    );

  user
    .command('passwd')
    .description('set a password, read from standard input; every device must log in again')
    .argument('<address>')
    .action((address: string, _flags, command) =>
      withDomain(command, async (domain) => {
        const account = await known(domain, address);
        await domain.accounts.setPassword(account.id, await readPassword(`New password for ${account.address}`));
        console.error('Password changed.');
      }),
    );

  for (const [verb, enabled] of [
    ['disable', false],
    ['enable', true],
  ] as const) {
    user
      .command(verb)
      .description(enabled ? 'let an account in again' : 'let an account in no more; its mail stays')
      .argument('<address>')
      .action((address: string, _flags, command) =>
        withDomain(command, async (domain) => {
          const { id } = await known(domain, address);
          await domain.accounts.update(id, { enabled });
          console.error(`${address} ${verb}d.`);
        }),
      );
  }

  for (const [verb, blocked] of [
    ['block', true],
    ['unblock', false],
  ] as const) {
    user
      .command(verb)
      .description(blocked ? 'refuse every login for now (456); mail is still taken in' : 'let logins in again')
      .argument('<address>')
      .action((address: string, _flags, command) =>
        withDomain(command, async (domain) => {
          const { id } = await known(domain, address);
          await domain.accounts.update(id, { blocked });
          console.error(`${address} ${verb}ed.`);
        }),
      );
  }

  user
    .command('expire')
    .description('when the password of an account ends; a new password ends this')
    .argument('<address>')
    .argument('<date>', 'ISO 8601, for example 2027-01-31; never to take it back')
    .action((address: string, date: string, _flags, command) =>
      withDomain(command, async (domain) => {
        const { id } = await known(domain, address);
        const at = date === 'never' ? null : Date.parse(date);
        if (Number.isNaN(at)) throw new CliError(`${date} is no date`);
        await domain.accounts.update(id, { passwordExpires: at });
        console.error(at === null ? 'The password does not expire.' : `The password expires ${when(at)}.`);
      }),
    );

  user
    .command('home')
    .description('the server that has the mailbox, where it is not this one: devices are sent there (451)')
    .argument('<address>')
    .argument('<url>', 'https URL; here for this server')
    .action((address: string, url: string, _flags, command) =>
      withDomain(command, async (domain) => {
        const { id } = await known(domain, address);
        const { home } = await domain.accounts.update(id, { home: url === 'here' ? null : url });
        console.error(`${address} is ${home ? `at ${home}` : 'here'} now.`);
      }),
    );

  user
    .command('app-password')
    .description('make a password for one app or device, printed once')
    .argument('<address>')
    .option('--name <name>', 'what it is for', 'device')
    .option('--list', 'show the existing ones instead')
    .option('--revoke <id>', 'revoke one instead')
    .option('--json', 'as JSON')
    .action((address: string, flags: AppPasswordFlags, command) =>
      withDomain(command, async (domain) => appPassword(domain, address, flags)),
    );

  user
    .command('import')
    .description('make the accounts of a CSV file with the columns address,password,name')
    .argument('<file.csv>')
    .action((file: string, _flags, command) => withDomain(command, (domain) => importUsers(domain, file)));

  return user;
}

interface AddFlags {
  readonly name?: string;
  readonly alias?: readonly string[];
  readonly password: boolean;
}
interface AppPasswordFlags {
  readonly name: string;
  readonly list?: boolean;
  readonly revoke?: string;
  readonly json?: boolean;
}

/** @throws CliError when no account has this address */
export async function known({ accounts }: Domain, address: string): Promise<Account> {
  const account = (await accounts.byAddress(address)) ?? (await accounts.byLogin(address));
  if (!account) throw new CliError(`there is no account ${address}`);
  return account;
}

const accountRow = ({ address, name, aliases, enabled, easEnabled, policy }: Account) => ({
  address,
  name,
  enabled,
  eas: easEnabled,
  policy: policy ?? 'default',
  aliases: aliases.join(' '),
});

async function appPassword(domain: Domain, address: string, flags: AppPasswordFlags): Promise<void> {
  const { accounts } = domain;
  const { id } = await known(domain, address);
  if (flags.list) {
    const rows = (await accounts.appPasswords(id)).map((each) => ({
      id: each.id,
      name: each.name,
      created: when(each.createdAt),
    }));
    printList(rows, flags.json ?? false);
  } else if (flags.revoke) {
    if (!(await accounts.revokeAppPassword(id, flags.revoke))) throw new CliError('there is no such app password');
    console.error('Revoked.');
  } else {
    const { secret } = await accounts.addAppPassword(id, flags.name);
    console.log(secret);
  }
}

interface UserRow {
  readonly address: string;
  readonly password: string;
  readonly name: string;
}

/** Hashes on all cores; a row that cannot be taken is named and does not stop the others. */
async function importUsers({ accounts }: Domain, file: string): Promise<void> {
  const rows = await readUsers(file);
  const bar = progressBar('accounts');
  const refused: string[] = [];
  let done = 0;
  // In the order of the rows.
  for await (const passwordHash of hashMany(rows.map(({ password }) => password))) {
    const { address, name } = rows[done]!;
    try {
      await accounts.create({ address, name, passwordHash });
    } catch (error) {
      const why = error instanceof AddressTaken ? 'exists already' : (error as Error).message;
      refused.push(`row ${done + 1}: ${address}: ${why}`);
    }
    bar.set(++done, rows.length);
  }
  const made = done - refused.length;
  bar.stop();
  console.error(`${made} accounts made, ${refused.length} refused.`);
  for (const line of refused) console.error(line);
  if (refused.length > 0) process.exitCode = 1;
}

async function readUsers(file: string): Promise<readonly UserRow[]> {
  const rows: UserRow[] = [];
  const parser = parse({ columns: true, bom: true, trim: true, skip_empty_lines: true, max_record_size: 16_384 });
  try {
    await pipeline(createReadStream(file), parser, async (records: AsyncIterable<Record<string, string>>) => {
      for await (const { address, password, name } of records) {
        if (!address || !password) throw new CliError(`row ${rows.length + 1}: address and password are needed`);
        rows.push({ address, password, name: name ?? '' });
      }
    });
  } catch (error) {
    throw error instanceof CliError ? error : new CliError(`${file}: ${(error as Error).message}`, { cause: error });
  }
  return rows;
}
