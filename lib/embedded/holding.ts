import { newId } from '../ops/ids.ts';
import type { Tracer } from '../ops/tracer.ts';
import { openDirectInlet } from '../push/direct/inlet.ts';
import { createDirectTransport } from '../push/direct/transport.ts';
import { createHolder } from '../push/hold.ts';
import type { HoldOptions } from '../push/options.ts';
import type { Holder } from '../push/types.ts';
import { followFeed } from '../push/wake.ts';
import { keepIndexes } from '../search/keep.ts';
import type { Domain } from './domain.ts';
import { keepHouse } from './housekeeping.ts';

/** Processes that share a data folder are on one machine. */
const LOOPBACK = '127.0.0.1';

export interface Holding {
  readonly holder: Holder;
  /** Answers what is held, then stops all of it. */
  close(): Promise<void>;
}

/**
 * One task: this process. Wakes come from the feed, so also from other processes that share the store; what ends a
 * device's older Ping in another of them goes over a port of the loopback, whose key is in the store.
 */
export async function startHolding(domain: Domain, options?: Partial<HoldOptions>, tracer?: Tracer): Promise<Holding> {
  const { clock, log, store, search, mailboxes, accounts } = domain;
  const { table, feed } = store;
  const transport = createDirectTransport({ table, clock });
  const task = `local-${process.pid}-${newId(clock.now())}`;
  const holder = createHolder({ table, clock, log, task, epoch: newId(clock.now()), transport, options, tracer });
  const receive = holder.receive.bind(holder);
  const inlet = await openDirectInlet({ table, clock, log, task, host: LOOPBACK, bind: LOOPBACK, port: 0, receive });
  const undo = [
    followFeed(feed, holder),
    keepHouse(domain),
    keepIndexes({ indexer: search.indexer, mailboxes, accounts, feed, clock, log }),
  ];
  return {
    holder,
    async close() {
      await holder.close();
      for (const stop of undo.reverse()) stop();
      await inlet.close();
      transport.close();
    },
  };
}
