/** Deliveries with all that the directory knows of people, over a real store; what lies beyond the relay is a list. */
import { correspondents } from '../../lib/delivery/correspondents.ts';
import { createDelivery } from '../../lib/delivery/deliver.ts';
import { type AutoReplyOptions, createAutoReplies } from '../../lib/delivery/oof/auto-replies.ts';
import { oofStore } from '../../lib/delivery/oof/settings.ts';
import { createDoorbell } from '../../lib/delivery/outbound/doorbell.ts';
import { createOutbound } from '../../lib/delivery/outbound/outbound.ts';
import { createAccounts } from '../../lib/identity/accounts.ts';
import { createGroups } from '../../lib/identity/groups.ts';
import { TableMailboxes } from '../../lib/mailbox/mailboxes.ts';
import type { FolderId } from '../../lib/ops/ids.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { outboundPartition } from '../../lib/store/schema.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeRelay } from './fake-relay.ts';
import { FaultyTable } from './faulty-table.ts';
import { openTestStore, type StoreKind } from './stores.ts';

export type PeopleWorld = Awaited<ReturnType<typeof openPeopleWorld>>;

export async function openPeopleWorld(options: { kind?: StoreKind; replies?: Partial<AutoReplyOptions> } = {}) {
  const clock = new FakeClock(Date.UTC(2026, 5, 1, 12));
  const store = await openTestStore(options.kind ?? 'sqlite', { clock: new FakeClock() });
  const table = new FaultyTable(store.table);
  const { blobs } = store;
  const mailboxes = new TableMailboxes({ table, blobs, clock, pause: async () => {} });
  const accounts = createAccounts({ table, clock, mailboxes });
  const groups = createGroups({ table, clock, directory: accounts });
  const oof = oofStore(table, clock);
  const known = correspondents(table, clock);
  const relay = new FakeRelay();

  /** A process on the store: its own delivery, and its own worker of the queue. */
  function process() {
    const { ring: queued, listen } = createDoorbell();
    const autoReplies = createAutoReplies({
      ...{ directory: accounts, table, oof, correspondents: known, clock, log: silentLog, queued },
      options: {
        ...{ hostname: 'mx.example.test', relay: true, relayOwnDomains: false, oneOrganisation: false },
        ...options.replies,
      },
    });
    const delivery = createDelivery({
      ...{ directory: accounts, mailboxes, table, blobs, clock, log: silentLog, groups, autoReplies, queued },
    });
    const outbound = createOutbound(
      { delivery, directory: accounts, table, blobs, clock, log: silentLog, relay },
      { hostname: 'mx.example.test' },
    );
    return { delivery, outbound, listen };
  }
  const { delivery, outbound } = process();
  const folder = async (address: string, name: string) => {
    const account = (await accounts.byAddress(address))!;
    return await mailboxes.open(account.id).page(name as FolderId, { limit: 100 });
  };
  const person = (address: string, name = '', aliases: readonly string[] = []) =>
    accounts.create({ address, name, aliases });
  let count = 0;
  /** Over the wire from somebody; `over` are whole lines before the others. */
  const letter = (from: string, to: string, over: readonly string[] = []) =>
    Buffer.from(
      [
        ...over,
        `From: <${from}>`,
        `To: <${to}>`,
        'Subject: Hi',
        `Message-ID: <${++count}@x.test>`,
        '',
        'Hello',
        '',
      ].join('\r\n'),
    );

  return {
    ...{ clock, store, table, mailboxes, accounts, groups, oof, correspondents: known, relay, delivery, outbound },
    ...{ process, person, letter },
    /** Delivered as SMTP does it. */
    send: (from: string, to: string, over: readonly string[] = [], envelopeFrom = from) =>
      delivery.deliver(to, letter(from, to, over), { from: envelopeFrom, arrival: 'live' }),
    /** Subjects in the Inbox, oldest first. */
    async inbox(address: string): Promise<readonly string[]> {
      return (await folder(address, 'inbox')).map(({ content }) => content.subject).reverse();
    },
    folder,
    async queued(): Promise<number> {
      const shards = [0, 1, 2, 3].map((n) => store.table.query({ table: 'devices', pk: outboundPartition(n) }));
      return (await Promise.all(shards)).flat().length;
    },
  };
}
