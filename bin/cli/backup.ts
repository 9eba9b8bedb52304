import type { Command } from 'commander';
import { readOptions } from '../../lib/embedded/options.ts';
import { backup, restore } from '../../lib/store/sqlite/backup.ts';
import { type StoreFlags, storeOptions } from './domain.ts';
import { CliError } from './output.ts';

/** `backup` and `restore` of a data folder. DynamoDB and S3 have their own. */
export function backupCommands(program: Command): void {
  program
    .command('backup')
    .description(
      'copy the data folder, also while the server runs; a second backup to the same place copies what is new',
    )
    .argument('<folder>', 'where the backup goes')
    .action(async (target: string, _flags, command: Command) => {
      const { bytes, copied, kept } = await backup(dataFolder(command), target);
      console.error(`${(bytes / 1e6).toFixed(1)} MB of rows, ${copied} files copied, ${kept} were there already.`);
    });

  program
    .command('restore')
    .description('make a data folder from a backup; phones notice and synchronise again')
    .argument('<folder>', 'the backup')
    .action(async (source: string, _flags, command: Command) => {
      const mailboxes = await restore(source, dataFolder(command));
      console.error(`${mailboxes} mailboxes restored.`);
    });
}

function dataFolder(command: Command): string {
  const { store, dataDir } = readOptions(storeOptions(command.optsWithGlobals<StoreFlags>()), process.env);
  if (store !== 'sqlite') {
    throw new CliError('only the SQLite store is backed up here; DynamoDB has point-in-time recovery, S3 has versions');
  }
  return dataDir;
}
