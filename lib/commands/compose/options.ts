import { withLimits } from '../../mail/limits.ts';

/** What one account may send. */
export interface SendOptions {
  /** Bytes of a message with everything that is quoted and enclosed. */
  readonly maxBytes: number;
  /** Recipients of one message. */
  readonly maxRecipients: number;
  /** Recipients of all messages of an account in one hour; 0 lets nobody send. */
  readonly recipientsPerHour: number;
  /** Received fields of a message; more, and it goes in a circle (RFC 5321 6.3). */
  readonly maxHops: number;
}

export const SEND_OPTIONS: SendOptions = {
  maxBytes: 35 * 1024 * 1024,
  maxRecipients: 500,
  recipientsPerHour: 2_000,
  maxHops: 30,
};

/** @throws RangeError by the name of an option that is none */
export const sendOptions = (given?: Partial<SendOptions>): SendOptions => withLimits(SEND_OPTIONS, given);
