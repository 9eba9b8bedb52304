import type http from 'node:http';
import type { Phone, PhoneFolder } from '../client/phone.ts';
import type { Clock } from '../ops/clock.ts';
import type { OpenPing } from './ping.ts';

export type Outcome = 'ok' | 'slow' | 'warning' | 'failed' | 'skipped';

/** What one check says. `detail` is what was seen, `advice` what to change. */
export interface Said {
  /** Default `ok`, or `slow` when it took longer than the check allows. */
  readonly outcome?: Outcome;
  readonly detail: string;
  readonly advice?: string;
}

export interface Finding extends Said {
  readonly check: string;
  readonly outcome: Outcome;
  /** Milliseconds from the start of the check to its end. */
  readonly ms: number;
}

export interface Check {
  readonly name: string;
  /** Without these it says nothing about the server. */
  readonly needs?: readonly string[];
  /** Slower than this is said to be slow. Absent: it takes as long as it takes. */
  readonly slowMs?: number;
  /** Longer than this is a failure. Default 30 s. */
  limitMs?(visit: Visit): number;
  run(visit: Visit): Promise<Said>;
}

/** What a visit is told; everything of the world around it can be replaced. */
export interface DoctorOptions {
  readonly url: URL;
  /** The address of the account: the login, and where the probe message goes. */
  readonly user: string;
  readonly password: string;
  /** Seconds that a Ping is held. Default 30. */
  readonly holdS?: number;
  /** Seconds that a Sync is held. Default: as long as a Ping, at most 10. */
  readonly syncHoldS?: number;
  /** How often a Ping is held, one after the other on one connection. Default 1. */
  readonly repeat?: number;
  /** PEM of a certificate authority that is trusted besides those of the system. */
  readonly ca?: string;
  readonly clock?: Clock;
  /** Sends the probe message from outside; `undefined`: SendMail to oneself, where the server offers it. */
  readonly deliver?: (raw: string) => Promise<void>;
  /** Addresses of a host. @throws as `dns.lookup` does */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
}

/** What checks hand on to those after them. */
export interface Visit extends Required<Omit<DoctorOptions, 'ca' | 'deliver'>>, Pick<DoctorOptions, 'ca' | 'deliver'> {
  readonly agent: http.Agent;
  /** Of the newest version that both know; set by `options`. */
  phone: Phone;
  /** What the server says that it can do. */
  commands: ReadonlySet<string>;
  inbox?: PhoneFolder;
  /** The Ping that `hold` left waiting, for `delivery` to complete. */
  waiting?: OpenPing;
}

/** A check that failed, and what its reader can do about it. */
export class Trouble extends Error {
  override readonly name = 'Trouble';
  readonly advice?: string;

  constructor(message: string, advice?: string, cause?: unknown) {
    super(message, { cause });
    this.advice = advice;
  }
}
