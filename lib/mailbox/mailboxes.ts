import type { MailboxId } from '../ops/ids.ts';
import type { Blobs } from '../store/ports.ts';
import { HIERARCHY } from '../store/schema.ts';
import { backOff, type MailboxContext, type MailboxServices } from './context.ts';
import { ensureDefaults } from './hierarchy.ts';
import { TableMailbox } from './mailbox.ts';
import { QuotaBook, type QuotaHolder } from './quota.ts';
import { reap } from './reap.ts';
import { Turns } from './turns.ts';
import type { Mailbox, Mailboxes } from './types.ts';

/** The mailboxes of a store. One for a process: writers of one process take turns by way of it. */
export class TableMailboxes implements Mailboxes {
  readonly #shared: Omit<MailboxContext, 'id'>;
  readonly #blobs: Blobs;

  /** @throws RangeError for a quota that is none */
  constructor({ table, blobs, clock, pause, quota, quotaOf, nearlyFull }: MailboxServices) {
    const quotas = new QuotaBook(table, clock, quota, quotaOf);
    this.#shared = { table, clock, pause: pause ?? backOff(clock), turns: new Turns(), quotas, nearlyFull };
    this.#blobs = blobs;
  }

  open(id: MailboxId, account?: QuotaHolder): Mailbox {
    return new TableMailbox({ ...this.#shared, id, account });
  }

  async create(id: MailboxId): Promise<Mailbox> {
    await this.#shared.turns.run([`${id}#${HIERARCHY}`], () => ensureDefaults({ ...this.#shared, id }));
    return this.open(id);
  }

  async reap(id: MailboxId): Promise<{ readonly rows: number }> {
    return { rows: await reap({ ...this.#shared, id }, this.#blobs) };
  }
}
