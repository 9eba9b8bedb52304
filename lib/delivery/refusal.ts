import { QuotaExceeded } from '../mailbox/quota.ts';
import { MovedAway, NoRecipient, NotAllowed } from './deliver.ts';

/** Why a recipient gets no message, and what is said of it. The codes are those of RFC 5321 and RFC 3463. */
export type Refusal = 'unknown' | 'moved' | 'refused' | 'full' | 'never-fits';

export interface Told {
  readonly code: number;
  /** Such as `5.1.1`. */
  readonly status: string;
  readonly text: string;
}

export const REFUSALS: Readonly<Record<Refusal, Told>> = {
  unknown: { code: 550, status: '5.1.1', text: 'No such recipient here' },
  // 551 would have to name the address elsewhere; 5.1.6 is a mailbox that has moved.
  moved: { code: 550, status: '5.1.6', text: 'The mailbox has moved to another server' },
  refused: { code: 550, status: '5.7.1', text: 'Not allowed to write there' },
  // X.2.2 the mailbox is full, which its owner can mend; X.2.3 it never takes a message of this length.
  full: { code: 452, status: '4.2.2', text: 'Mailbox full' },
  'never-fits': { code: 552, status: '5.2.3', text: 'Message too large for this mailbox' },
};

/** Where nobody tries again, a full mailbox is as final as the others. */
export const FULL_FOR_GOOD: Told = { code: 552, status: '5.2.2', text: 'Mailbox full' };

/** `undefined` for trouble that is not the recipient's and may pass. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof QuotaExceeded) return error.limit === 'itemBytes' ? 'never-fits' : 'full';
  if (error instanceof MovedAway) return 'moved';
  if (error instanceof NotAllowed) return 'refused';
  return error instanceof NoRecipient ? 'unknown' : undefined;
}
