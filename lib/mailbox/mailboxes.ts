import type { MailboxId } from '../ops/ids.ts';
import type { Blobs } from '../store/ports.ts';
import { HIERARCHY } from '../store/schema.ts';
import { backOff, type MailboxContext, type MailboxServices } from './context.ts';
import { ensureDefaults } from './hierarchy.ts';
import { TableMailbox } from './mailbox.ts';
import { reap } from './reap.ts';
import { Turns } from './turns.ts';
import type { Mailbox, Mailboxes } from './types.ts';

/** The mailboxes of a store. One for a process: writers of one process take turns by way of it. */
export class TableMailboxes implements Mailboxes {
  readonly #shared: Omit<MailboxContext, 'id'>;
  readonly #blobs: Blobs;

  constructor({ table, blobs, clock, pause }: MailboxServices) {
    this.#shared = { table, clock, pause: pause ?? backOff(clock), turns: new Turns() };
    this.#blobs = blobs;
  }

  open(id: MailboxId): Mailbox {
    return new TableMailbox({ ...this.#shared, id });
  }

  async create(id: MailboxId): Promise<Mailbox> {
    await this.#shared.turns.run([`${id}#${HIERARCHY}`], () => ensureDefaults({ ...this.#shared, id }));
    return this.open(id);
  }

  async reap(id: MailboxId): Promise<{ readonly rows: number }> {
    return { rows: await reap({ ...this.#shared, id }, this.#blobs) };
  }
}
