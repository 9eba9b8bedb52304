import { type Clock, systemClock } from '../../../lib/ops/clock.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import { type Waiter, Waiters } from '../../../lib/push/waiters.ts';
import type { Store } from '../../../lib/store/ports.ts';

/** Who waits for a mailbox, as the wake function will read it. */
export function waitersOf(store: Store, mailbox: MailboxId, clock: Clock = systemClock): Promise<readonly Waiter[]> {
  return new Waiters({ table: store.table, clock }).of(mailbox);
}
