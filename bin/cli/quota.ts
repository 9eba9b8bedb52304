import type { Command } from 'commander';
import { size } from '../../lib/delivery/notice-texts.ts';
import type { Domain } from '../../lib/embedded/domain.ts';
import type { Account } from '../../lib/identity/types.ts';
import { QUOTA_LIMITS, type Quota } from '../../lib/mailbox/quota.ts';
import { withDomain } from './domain.ts';
import { CliError, printList } from './output.ts';
import { known } from './user.ts';

type SetFlags = { readonly [Limit in keyof Quota]?: string };

/** `quota show|set|clear`. */
export function quotaCommands(program: Command): void {
  const quota = program.command('quota').description('what mailboxes hold and may hold');

  quota
    .command('show')
    .description('usage and limits of one mailbox, or of all')
    .argument('[address]')
    .option('--json', 'as JSON')
    .action((address: string | undefined, flags: { json?: boolean }, command: Command) =>
      withDomain(command, async (domain) => {
        const rows = [];
        for await (const account of address ? [await known(domain, address)] : domain.accounts.list()) {
          rows.push(await usageRow(domain, account, flags.json ?? false));
        }
        printList(rows, flags.json ?? false);
      }),
    );

  quota
    .command('set')
    .description('limits of a mailbox over those of the server; a limit that is not named stays')
    .argument('<address>')
    .option('--bytes <size>', 'all items together: 500000, 200MB, 5GB')
    .option('--items <number>', 'items of all folders')
    .option('--folder-items <number>', 'items of one folder')
    .option('--item-bytes <size>', 'the largest item')
    .action((address: string, flags: SetFlags, command: Command) =>
      withDomain(command, async (domain) => {
        const account = await known(domain, address);
        const limits: Record<string, number> = {};
        for (const name of QUOTA_LIMITS) if (flags[name] !== undefined) limits[name] = sizeOf(flags[name]);
        if (Object.keys(limits).length === 0) throw new CliError('give at least one limit');
        await domain.accounts.update(account.id, { quota: { ...account.quota, ...limits } });
        console.error(`${account.address} may hold ${describe({ ...account.quota, ...limits })}.`);
      }),
    );

  quota
    .command('clear')
    .description("take a mailbox's own limits back: those of the server hold")
    .argument('<address>')
    .action((address: string, _flags, command: Command) =>
      withDomain(command, async (domain) => {
        const account = await known(domain, address);
        await domain.accounts.update(account.id, { quota: null });
        console.error(`${account.address} has no limits of its own now.`);
      }),
    );
}

/** Numbers for programs, sizes for people. */
async function usageRow({ mailboxes }: Domain, account: Account, plain: boolean) {
  const { bytes, items, quota } = await mailboxes.open(account.id, account).usage();
  const shown = (value: number | undefined) => (plain || value === undefined ? value : size(value));
  return {
    address: account.address,
    bytes: shown(bytes),
    'of bytes': shown(quota.bytes),
    items,
    'of items': quota.items,
    'folder items': quota.folderItems,
    'item bytes': shown(quota.itemBytes),
  };
}

const UNITS: Readonly<Record<string, number>> = { '': 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 };

/** `200MB` -> 209715200. @throws CliError */
function sizeOf(text: string): number {
  const match = /^(\d+)\s*([KMGT]B)?$/i.exec(text.trim());
  const value = match ? Number(match[1]) * UNITS[(match[2] ?? '').toUpperCase()]! : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new CliError(`${text} is no size; write 500000, 200MB or 5GB`);
  return value;
}

const describe = ({ bytes, items, folderItems, itemBytes }: Quota) =>
  [
    bytes === undefined ? [] : [size(bytes)],
    items === undefined ? [] : [`${items} items`],
    folderItems === undefined ? [] : [`${folderItems} items in a folder`],
    itemBytes === undefined ? [] : [`items of ${size(itemBytes)}`],
  ]
    .flat()
    .join(', ');
