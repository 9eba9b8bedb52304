import type { Command } from 'commander';
import { importDirectory } from '../../lib/delivery/import.ts';
import { withDomain } from './domain.ts';
import { readStdin } from './input.ts';
import { CliError } from './output.ts';
import { progressBar } from './progress.ts';
import { known } from './user.ts';

/** `deliver` and `import`. */
export function mailCommands(program: Command): void {
  program
    .command('deliver')
    .description('put a message from standard input into the Inbox of whoever takes mail for the address')
    .argument('<address>')
    .option('--from <address>', 'envelope sender', '')
    .action((address: string, flags: { from: string }, command) =>
      withDomain(command, async ({ delivery, options }) => {
        const raw = await readStdin(options.maxMessageBytes);
        if (raw.length === 0) throw new CliError('no message on standard input');
        const accepted = await delivery.accepts(address, flags.from);
        if (accepted === 'unknown') throw new CliError(`nobody takes mail for ${address}`);
        if (accepted === 'refused')
          throw new CliError(`${address} is a group that takes no mail from there; see --from`);
        const { item, duplicate } = await delivery.deliver(address, raw, { from: flags.from, arrival: 'live' });
        console.error(duplicate ? 'Delivered before; nothing was changed.' : `Delivered as ${item}.`);
      }),
    );

  program
    .command('import')
    .description('take over a folder of .eml files, subfolders included; can be repeated after an interruption')
    .argument('<address>')
    .argument('<folder>')
    .option('--unread', 'leave the messages unread')
    .action((address: string, directory: string, flags: { unread?: boolean }, command) =>
      withDomain(command, async (domain) => {
        const { id } = await known(domain, address);
        const bar = progressBar('messages');
        const report = await importDirectory(domain, {
          directory,
          mailbox: id,
          read: !flags.unread,
          onProgress: ({ done, total }) => bar.set(done, total),
        });
        bar.stop();
        const { imported, duplicates, failed, failures } = report;
        console.error(`${imported} imported, ${duplicates} were there already, ${failed} failed.`);
        for (const { file, reason } of failures) console.error(`${file}: ${reason}`);
        if (failed > 0) process.exitCode = 1;
      }),
    );
}
