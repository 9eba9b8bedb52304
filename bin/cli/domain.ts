import type { Command } from 'commander';
import { type Domain, openDomain } from '../../lib/embedded/domain.ts';
import { type EmbeddedInput, readOptions } from '../../lib/embedded/options.ts';
import { systemClock } from '../../lib/ops/clock.ts';
import { createLog } from '../../lib/ops/log.ts';

/** Which store a command works on; every command takes these. */
export interface StoreFlags {
  readonly data?: string;
  readonly store?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly tablePrefix?: string;
}

export function storeOptions(flags: StoreFlags): EmbeddedInput {
  const { data, store, endpoint, region, tablePrefix } = flags;
  return { dataDir: data, store, endpoint, region, tablePrefix } as EmbeddedInput;
}

/** Opens the store for one command and closes it, whatever happens. A running server notices what was changed. */
export async function withDomain(command: Command, run: (domain: Domain) => Promise<void>): Promise<void> {
  const flags = command.optsWithGlobals<StoreFlags>();
  const options = readOptions({ ...storeOptions(flags), logLevel: 'warn' }, process.env);
  const domain = await openDomain(options, systemClock, createLog(options.logLevel));
  try {
    await run(domain);
  } finally {
    await domain.close();
  }
}
