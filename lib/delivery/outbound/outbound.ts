import { domainPart, parseAddress } from '../../identity/names.ts';
import type { Account, Directory } from '../../identity/types.ts';
import type { Cancel, Clock } from '../../ops/clock.ts';
import { errorFields, type Log } from '../../ops/log.ts';
import type { Blobs, Table } from '../../store/ports.ts';
import { dueKey, outboundPartition } from '../../store/schema.ts';
import type { Delivery } from '../deliver.ts';
import { queuedMessage } from './enqueue.ts';
import { type OutboundOptions, outboundOptions } from './options.ts';
import { putNew, type Queued, queuedOf, SHARDS } from './row.ts';
import type { Outbound, OutgoingEnvelope, Prepared, Relay, Route } from './types.ts';
import { Worker } from './worker.ts';

export interface OutboundServices {
  readonly delivery: Pick<Delivery, 'accepts' | 'read' | 'deliverTo'>;
  readonly directory: Pick<Directory, 'get'>;
  readonly table: Pick<Table, 'get' | 'query' | 'transact'>;
  readonly blobs: Pick<Blobs, 'put' | 'get' | 'delete'>;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * The way to everybody who is not of this directory; without it they are refused. `elsewhere`: there is one, and
   * another process that looks through the queue takes it. So for a process that stands still after its answer.
   */
  readonly relay?: Relay | 'elsewhere';
}

/** The queue with whoever works it off. */
export interface OutboundQueue extends Outbound {
  /** Begins to look for messages that are due, also those that another process left behind. */
  start(): void;
  /** A message whose row somebody else committed: begins with it at once. */
  adopt(queued: Queued): void;
  /** Looks through the queue once. Resolves when what was due has been tried. */
  poll(): Promise<void>;
  /** Resolves when what is being tried has ended, or has taken too long. */
  close(): Promise<void>;
}

/** Rows of one look at a shard. */
const PAGE = 100;

/** @throws RangeError for options that are none */
export function createOutbound(services: OutboundServices, given?: Partial<OutboundOptions>): OutboundQueue {
  return new Queue(services, outboundOptions(given));
}

class Queue implements OutboundQueue {
  readonly #services: OutboundServices;
  readonly #options: OutboundOptions;
  readonly #worker: Worker;
  /** Spares `release` the reading. Whoever never learnt of his commit forgets his message, and so does this. */
  readonly #prepared = new WeakMap<Prepared, Queued>();
  readonly #running = new Map<string, Promise<void>>();
  #timer: Cancel | undefined;
  #closed = false;

  constructor(services: OutboundServices, options: OutboundOptions) {
    this.#services = services;
    this.#options = options;
    this.#worker = new Worker(services, options);
  }

  async route(address: string, sender: Account): Promise<Route | undefined> {
    const plain = parseAddress(address);
    if (plain === undefined) return undefined;
    const accepted = await this.#services.delivery.accepts(plain, sender.address);
    if (accepted === 'refused') return undefined;
    // A full mailbox may have room again before the queue gives up.
    if (accepted === 'yes' || accepted === 'full') return 'local';
    if (!this.#services.relay) return undefined;
    if (accepted === 'moved') return 'relay';
    // Who is not found in a domain of ours is nowhere; the relay would only send it back.
    const own = [sender.address, ...sender.aliases].some((known) => domainPart(known) === domainPart(plain));
    return own && !this.#options.relayOwnDomains ? undefined : 'relay';
  }

  async prepare(envelope: OutgoingEnvelope, raw: Uint8Array): Promise<Prepared> {
    const queued = await queuedMessage(this.#services, envelope, raw, this.#options.inlineBytes);
    const prepared: Prepared = { id: queued.id, writes: [putNew(queued)] };
    this.#prepared.set(prepared, queued);
    return prepared;
  }

  async release(prepared: Prepared): Promise<void> {
    const queued = this.#prepared.get(prepared);
    this.#prepared.delete(prepared);
    if (queued && !this.#closed) await this.#run(queued);
  }

  async discard(prepared: Prepared): Promise<void> {
    const queued = this.#prepared.get(prepared);
    this.#prepared.delete(prepared);
    if (queued?.blob !== undefined) await this.#services.blobs.delete([queued.blob]).catch(() => {});
  }

  async submit(envelope: OutgoingEnvelope, raw: Uint8Array): Promise<void> {
    const prepared = await this.prepare(envelope, raw);
    await this.#services.table.transact(prepared.writes);
    await this.release(prepared);
  }

  start(): void {
    if (this.#closed || this.#timer) return;
    const next = () => {
      this.#timer = this.#services.clock.after(this.#options.pollMs, () => void this.#tick().finally(next));
      if (this.#closed) this.#timer();
    };
    this.#timer = () => {};
    void this.#tick().finally(next);
  }

  adopt(queued: Queued): void {
    if (!this.#closed) void this.#run(queued);
  }

  async #tick(): Promise<void> {
    if (this.#closed) return;
    try {
      for (const queued of await this.#due()) void this.#run(queued);
    } catch (error) {
      this.#services.log.warn('queue not read', errorFields(error));
    }
  }

  async poll(): Promise<void> {
    for (const queued of await this.#due()) void this.#run(queued);
    await Promise.all(this.#running.values());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.();
    let cancel: Cancel = () => {};
    const enough = new Promise<void>((resolve) => {
      cancel = this.#services.clock.after(this.#options.closeMs, resolve);
    });
    await Promise.race([Promise.all(this.#running.values()), enough]);
    cancel();
    const { relay } = this.#services;
    if (relay !== 'elsewhere') relay?.close();
  }

  async #due(): Promise<readonly Queued[]> {
    const to = `${dueKey(this.#services.clock.now())}~`;
    const shards = Array.from({ length: SHARDS }, (_, shard) =>
      this.#services.table.query({
        table: 'devices',
        pk: outboundPartition(shard),
        to,
        limit: PAGE,
        consistency: 'strong',
      }),
    );
    return (await Promise.all(shards)).flat().map(queuedOf);
  }

  /** Resolves when the recipients here have it; the others may take longer. Never rejects. */
  async #run(queued: Queued): Promise<void> {
    if (this.#running.has(queued.id)) return;
    let here = () => {};
    const local = new Promise<void>((resolve) => {
      here = resolve;
    });
    const work = this.#worker
      .attempt(queued, here)
      .catch((error: unknown) => this.#services.log.warn('attempt failed', { id: queued.id, ...errorFields(error) }))
      .finally(() => {
        here();
        this.#running.delete(queued.id);
      });
    this.#running.set(queued.id, work);
    await local;
  }
}
