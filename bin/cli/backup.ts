import type { Command } from 'commander';
import { readOptions } from '../../lib/embedded/options.ts';
import { renewIncarnation } from '../../lib/mailbox/renew.ts';
import { type BackupReport, backup, restore } from '../../lib/store/sqlite/backup.ts';
import { type StoreFlags, storeOptions, withDomain, withStack } from './domain.ts';
import { CliError } from './output.ts';
import { progressBar } from './progress.ts';
import { known } from './user.ts';

/** `backup` and `restore` of a data folder, or of a deployed stack; what one wrote the other can read. `renew`. */
export function backupCommands(program: Command): void {
  program
    .command('backup')
    .description(
      'copy all data, also while the server runs; a second backup to the same place copies only the blobs that are new',
    )
    .argument('<folder>', 'where the backup goes')
    .action(async (target: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<StoreFlags>();
      const { bytes, copied, kept } = await (flags.stack
        ? backupStack(flags, target)
        : backup(dataFolder(command), target));
      console.error(`${(bytes / 1e6).toFixed(1)} MB of rows, ${copied} files copied, ${kept} were there already.`);
    });

  program
    .command('restore')
    .description('make a data folder, or fill an empty stack, from a backup; phones notice and synchronise again')
    .argument('<folder>', 'the backup')
    .action(async (source: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<StoreFlags>();
      const mailboxes = await (flags.stack ? restoreStack(flags, source) : restore(source, dataFolder(command)));
      console.error(`${mailboxes} mailboxes restored.`);
    });

  program
    .command('renew')
    .description('after tables were taken back to an earlier moment: phones notice and synchronise again')
    .argument('[address]', 'one mailbox')
    .option('--all', 'every mailbox')
    .action((address: string | undefined, { all }: { readonly all?: boolean }, command: Command) => {
      if ((address === undefined) !== (all ?? false)) throw new CliError('give an address, or --all');
      return withDomain(command, async (domain) => {
        let renewed = 0;
        for await (const { id } of address ? [await known(domain, address)] : domain.accounts.list()) {
          await renewIncarnation(domain.store.table, id);
          renewed++;
        }
        console.error(`${renewed} mailboxes renewed.`);
      });
    });
}

async function backupStack(flags: StoreFlags, target: string): Promise<BackupReport> {
  const { backupDeployed } = await import('../../lib/cloud/backup.ts');
  const bar = progressBar('mailboxes');
  let report: BackupReport | undefined;
  try {
    await withStack(flags, async (stack) => {
      report = await backupDeployed(stack, target, { onProgress: bar.set });
    });
  } finally {
    bar.stop();
  }
  return report!;
}

async function restoreStack(flags: StoreFlags, source: string): Promise<number> {
  const { restoreDeployed } = await import('../../lib/cloud/restore.ts');
  const bar = progressBar('rows');
  let mailboxes = 0;
  try {
    await withStack(flags, async ({ domain }) => {
      mailboxes = await restoreDeployed(domain, source, { onProgress: bar.set });
    });
  } finally {
    bar.stop();
  }
  return mailboxes;
}

function dataFolder(command: Command): string {
  const { store, dataDir } = readOptions(storeOptions(command.optsWithGlobals<StoreFlags>()), process.env);
  if (store !== 'sqlite') {
    throw new CliError('only a data folder or a deployed stack (--stack) is backed up, not tables by their prefix');
  }
  return dataDir;
}
