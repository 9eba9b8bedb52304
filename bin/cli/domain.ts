import type { Command } from 'commander';
import type { Administration } from '../../lib/cloud/admin.ts';
import { type Domain, openDomain } from '../../lib/embedded/domain.ts';
import { type EmbeddedInput, readOptions } from '../../lib/embedded/options.ts';
import { systemClock } from '../../lib/ops/clock.ts';
import { createLog } from '../../lib/ops/log.ts';
import { CliError } from './output.ts';

/** Which store a command works on; every command takes these. */
export interface StoreFlags {
  readonly data?: string;
  readonly store?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly tablePrefix?: string;
  /** A deployed stack instead; its outputs name tables and bucket. */
  readonly stack?: string;
}

/** @throws CliError for a stack: what asks for these options works on this machine */
export function storeOptions(flags: StoreFlags): EmbeddedInput {
  const { data, store, endpoint, region, tablePrefix, stack } = flags;
  if (stack !== undefined)
    throw new CliError('--stack is for commands on accounts, mail and backups, not for this one');
  return { dataDir: data, store, endpoint, region, tablePrefix } as EmbeddedInput;
}

/** Opens the store for one command and closes it, whatever happens. A running server notices what was changed. */
export async function withDomain(command: Command, run: (domain: Domain) => Promise<void>): Promise<void> {
  const flags = command.optsWithGlobals<StoreFlags>();
  if (flags.stack !== undefined) return withStack(flags, ({ domain }) => run(domain));
  const options = readOptions({ ...storeOptions(flags), logLevel: 'warn' }, process.env);
  const domain = await openDomain(options, systemClock, createLog(options.logLevel));
  try {
    await run(domain);
  } finally {
    await domain.close();
  }
}

/**
 * The same for a deployed stack.
 * @throws AwsTrouble for what an operator can mend, CliError for flags that name another store as well
 */
export async function withStack(flags: StoreFlags, run: (stack: Administration) => Promise<void>): Promise<void> {
  const { stack = '', data, store, tablePrefix, region = process.env.AWS_REGION, endpoint } = flags;
  const others = Object.entries({ '--data': data, '--store': store, '--table-prefix': tablePrefix });
  const [clash] = others.find(([, value]) => value !== undefined) ?? [];
  if (clash) throw new CliError(`--stack and ${clash} name two different stores: give one`);
  // The AWS SDK takes a third of a second to load: commands on SQLite do not wait for it.
  const [{ awsTrouble }, { openAdministration }] = await Promise.all([
    import('../../lib/cloud/aws-trouble.ts'),
    import('../../lib/cloud/admin.ts'),
  ]);
  try {
    const opened = await openAdministration(
      stack,
      { region, endpoint },
      { clock: systemClock, log: createLog('warn') },
    );
    try {
      await run(opened);
    } finally {
      await opened.close();
    }
  } catch (error) {
    throw awsTrouble(error, region) ?? error;
  }
}
