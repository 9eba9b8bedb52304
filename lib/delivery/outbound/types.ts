import type { Account } from '../../identity/types.ts';
import type { MailboxId } from '../../ops/ids.ts';
import type { Write } from '../../store/ports.ts';

/** How a recipient is reached: in a mailbox of this directory, or over the relay. */
export type Route = 'local' | 'relay';

export interface Recipient {
  readonly address: string;
  readonly route: Route;
}

export interface OutgoingEnvelope {
  /** Who sends: bounces go there. */
  readonly mailbox: MailboxId;
  /** MAIL FROM. */
  readonly from: string;
  readonly to: readonly Recipient[];
}

/** A message that is stored and waits for its rows to commit. The object itself is what `release` and `discard` know. */
export interface Prepared {
  readonly id: string;
  /** One row. Whoever commits it has sent the message: nothing but a bounce follows. */
  readonly writes: readonly Write[];
}

/**
 * Mail out, durable: what was committed is tried until it is delivered or bounced, whatever happens to this process.
 * Engines: recipients of the directory get it here, others by a `Relay`.
 */
export interface Outbound {
  /** `undefined`: nobody would take it, so it must not be accepted. @throws StoreUnavailable */
  route(address: string, sender: Account): Promise<Route | undefined>;
  /** Stores the message. Its row must be committed, or `discard` called. @throws StoreUnavailable */
  prepare(envelope: OutgoingEnvelope, raw: Uint8Array): Promise<Prepared>;
  /**
   * After the commit: delivers to the recipients of this directory before it resolves, and begins with the others.
   * Never rejects; what fails now is tried again.
   */
  release(prepared: Prepared): Promise<void>;
  /** The commit failed: forgets the message. */
  discard(prepared: Prepared): Promise<void>;
  /** `prepare`, a commit of its own, and `release`. */
  submit(envelope: OutgoingEnvelope, raw: Uint8Array): Promise<void>;
}

/** What became of one recipient at the relay. `status` is an enhanced status code (RFC 3463). */
export type RelayOutcome =
  | { readonly kind: 'sent' }
  | { readonly kind: 'later'; readonly status: string; readonly text: string }
  | { readonly kind: 'failed'; readonly status: string; readonly text: string };

/** The way out of here: an SMTP relay, SES. */
export interface Relay {
  /** One outcome for each of `to`, in their order. A rejection counts as `later` for all of them. */
  send(from: string, to: readonly string[], raw: Uint8Array): Promise<readonly RelayOutcome[]>;
  close(): void;
}
