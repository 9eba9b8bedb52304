import pLimit, { type LimitFunction } from 'p-limit';
import { errorFields } from '../../ops/log.ts';
import { ConditionFailed, OutcomeUnknown } from '../../store/ports.ts';
import { correspondents } from '../correspondents.ts';
import { NoRecipient } from '../deliver.ts';
import { REFUSALS, refusalOf, type Told } from '../refusal.ts';
import { traceOf } from '../trace.ts';
import { expire, later, leased, type Results, withResults } from './attempt.ts';
import { bounceOf } from './bounce.ts';
import type { OutboundOptions } from './options.ts';
import type { OutboundServices } from './outbound.ts';
import { keyOf, type Queued, replace } from './row.ts';
import type { Recipient, RelayOutcome } from './types.ts';

/**
 * One attempt at one message. Deliveries here are idempotent (the mailbox remembers the message), so they need no claim;
 * a relay is only asked by who has leased the row, since it would send the message twice.
 */
export class Worker {
  readonly #services: OutboundServices;
  readonly #options: OutboundOptions;
  readonly #relaying: LimitFunction;

  constructor(services: OutboundServices, options: OutboundOptions) {
    this.#services = services;
    this.#options = options;
    this.#relaying = pLimit(options.relaying);
  }

  /** @throws StoreUnavailable and its kin: the row is as it was, or leased, and comes up again */
  async attempt(queued: Queued, here: () => void): Promise<void> {
    const raw = await this.#load(queued);
    // Another worker has finished it.
    if (!raw) return;
    const delivered = await this.#deliverLocal(queued, raw);
    here();
    const left = withResults(queued, delivered);
    if (!left.to.some(({ route }) => route === 'relay')) return this.#settle(queued, left, raw, delivered);
    // Its row stays as it is: a lease would keep the others from it for as long as this process stands still.
    if (this.#services.relay === 'elsewhere') return;
    await this.#relaying(async () => {
      const claimed = await this.#replace(queued, leased(left, this.#services.clock.now(), this.#options));
      if (!claimed) return;
      const relayed = await this.#relay(claimed, raw);
      await this.#remember(claimed, relayed);
      const results = new Map([...delivered, ...relayed]);
      await this.#settle(claimed, withResults(claimed, relayed), raw, results);
    });
  }

  async #load({ raw, blob }: Queued): Promise<Uint8Array | undefined> {
    return raw ?? (blob === undefined ? undefined : await this.#services.blobs.get(blob));
  }

  async #deliverLocal(queued: Queued, raw: Uint8Array): Promise<Results> {
    const results = new Map<Recipient, RelayOutcome>();
    const local = queued.to.filter(({ route }) => route === 'local');
    if (local.length === 0) return results;
    const { delivery, log } = this.#services;
    const message = await delivery.read(raw, { from: queued.from, arrival: 'live', trace: this.#trace(queued) });
    for (const recipient of local) {
      try {
        await delivery.deliverTo(recipient.address, message);
        results.set(recipient, { kind: 'sent' });
      } catch (error) {
        const refusal = refusalOf(error);
        if (!refusal) log.warn('local delivery postponed', { id: queued.id, ...errorFields(error) });
        results.set(recipient, refusal ? outcomeOf(REFUSALS[refusal]) : NOT_NOW);
      }
    }
    return results;
  }

  /** The same for every attempt: the stored message must not differ. */
  #trace({ id, from, at }: Queued): string {
    const { hostname } = this.#options;
    const session = { id, remoteAddress: hostname, hostNameAppearsAs: hostname, transmissionType: 'ActiveSync' };
    return traceOf(session, { from, hostname, now: at });
  }

  async #relay(queued: Queued, raw: Uint8Array): Promise<Results> {
    const { relay, log } = this.#services;
    const outside = queued.to.filter(({ route }) => route === 'relay');
    const none: RelayOutcome = { kind: 'later', status: '4.4.0', text: 'no relay' };
    if (!relay || relay === 'elsewhere') return new Map(outside.map((recipient) => [recipient, none]));
    try {
      const addresses = outside.map(({ address }) => address);
      const outcomes = await relay.send(queued.from, addresses, raw);
      return new Map(outside.map((recipient, n) => [recipient, outcomes[n] ?? none]));
    } catch (error) {
      log.warn('relay failed', { id: queued.id, ...errorFields(error) });
      return new Map(outside.map((recipient) => [recipient, none]));
    }
  }

  /** Whom somebody has written to is known to him. An automatic reply makes no acquaintance. */
  async #remember({ id, from, mailbox }: Queued, relayed: Results): Promise<void> {
    if (from === '') return;
    const reached = [...relayed].filter(([, { kind }]) => kind === 'sent').map(([{ address }]) => address);
    try {
      await correspondents(this.#services.table, this.#services.clock).note(mailbox, reached);
    } catch (error) {
      this.#services.log.warn('correspondents not noted', { id, ...errorFields(error) });
    }
  }

  /** Bounces what failed, then forgets the message or puts it off. */
  async #settle(stored: Queued, now: Queued, raw: Uint8Array, results: Results): Promise<void> {
    const { clock, table, blobs, log } = this.#services;
    const at = clock.now();
    let row = stored;
    let next = expire(now, results, at, this.#options);
    if (next.failed.length > 0) {
      // What is told must be fixed first: a bounce that is made again after a crash is the same bounce.
      if (next.failed.length > stored.failed.length) {
        const fixed = await this.#replace(row, { ...leased(next, at, this.#options), failedAt: at });
        if (!fixed) return;
        row = fixed;
        next = fixed;
      }
      await this.#bounce(next, raw);
      next = { ...next, failed: [] };
    }
    if (next.to.length > 0) {
      await this.#replace(row, later(next, at));
      return;
    }
    try {
      await table.transact([{ op: 'delete', key: keyOf(row), when: { equals: { tx: row.tx } } }]);
    } catch (error) {
      // Someone else settled the same row: the message is theirs, and so is its blob.
      if (error instanceof ConditionFailed) return;
      throw error;
    }
    if (row.blob !== undefined) await blobs.delete([row.blob]);
    log.info('sent', { id: row.id, mailbox: row.mailbox, attempts: row.attempts + 1, ms: at - row.at });
  }

  /** Into the sender's Inbox; nobody is told of a bounce that cannot be delivered. */
  async #bounce(queued: Queued, raw: Uint8Array): Promise<void> {
    const { delivery, directory, log } = this.#services;
    // What itself had no sender tells nobody (RFC 5321 6.1).
    const sender = queued.from === '' ? undefined : await directory.get(queued.mailbox);
    if (!sender) return;
    const message = await delivery.read(bounceOf(queued, raw, this.#options.hostname), { from: '', arrival: 'live' });
    try {
      await delivery.deliverTo(sender.address, message);
      log.info('bounced', { id: queued.id, mailbox: queued.mailbox, recipients: queued.failed.length });
    } catch (error) {
      if (!(error instanceof NoRecipient)) throw error;
    }
  }

  /** The new row where it is this worker's; `undefined` where another was faster. */
  async #replace(old: Queued, next: Queued): Promise<Queued | undefined> {
    const { table } = this.#services;
    try {
      await table.transact(replace(old, next));
      return next;
    } catch (error) {
      if (error instanceof ConditionFailed) return undefined;
      if (!(error instanceof OutcomeUnknown)) throw error;
      const row = await table.get(keyOf(next), 'strong');
      if (row?.tx === next.tx) return next;
      throw error;
    }
  }
}

const NOT_NOW: RelayOutcome = { kind: 'later', status: '4.3.0', text: '451 4.3.0 Mailbox not available' };

/** A full mailbox may have room again before the queue gives up; one that takes no message of this size never will. */
function outcomeOf({ code, status, text }: Told): RelayOutcome {
  return { kind: code < 500 ? 'later' : 'failed', status, text: `${code} ${status} ${text}` };
}
