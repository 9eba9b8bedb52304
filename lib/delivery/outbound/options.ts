import { withLimits } from '../../mail/limits.ts';

export interface OutboundOptions {
  /** After this long a message that nobody takes bounces. */
  readonly giveUpMs: number;
  /** How often the queue is looked through. */
  readonly pollMs: number;
  /** A relay attempt that is older counts as dead, and another worker may begin one. Longer than any attempt takes. */
  readonly leaseMs: number;
  /** How long `close` waits for attempts; what goes on longer is tried again by whoever comes next. */
  readonly closeMs: number;
  /** Messages that are with the relay at one time. */
  readonly relaying: number;
  /** Messages up to this many bytes stand in their row; larger ones get a blob. */
  readonly inlineBytes: number;
  /** Unknown addresses of the sender's own domains go to the relay: part of the domain lives elsewhere. */
  readonly relayOwnDomains: boolean;
  /** What this server calls itself in Received and in bounces. */
  readonly hostname: string;
}

export const OUTBOUND_OPTIONS: OutboundOptions = {
  giveUpMs: 2 * 86_400_000,
  pollMs: 15_000,
  leaseMs: 30 * 60_000,
  closeMs: 10_000,
  relaying: 5,
  inlineBytes: 64 * 1024,
  relayOwnDomains: false,
  hostname: 'localhost',
};

/** @throws RangeError by the name of an option that is none */
export function outboundOptions(given: Partial<OutboundOptions> = {}): OutboundOptions {
  const options = withLimits(OUTBOUND_OPTIONS, given);
  for (const name of ['giveUpMs', 'pollMs', 'leaseMs', 'relaying'] as const) {
    if (options[name] === 0) throw new RangeError(`option ${name} must be positive`);
  }
  // The hostname ends up in header fields.
  if (!/^[\w.-]{1,253}$/.test(options.hostname)) throw new RangeError('option hostname must be a host name');
  return options;
}

const MINUTE_MS = 60_000;
/** Greylisting relays want a quarter of an hour; a relay that is down for the night is asked some ten times. */
const PAUSES_MS = [1, 5, 15, 30, 60, 120, 240].map((minutes) => minutes * MINUTE_MS);

/** Milliseconds until the next attempt after so many. */
export function pauseAfter(attempts: number): number {
  return PAUSES_MS[Math.min(Math.max(attempts, 1), PAUSES_MS.length) - 1]!;
}
