/** Ping over the state that Sync really leaves behind. */
import { expect, test } from 'vitest';
import { createPing } from '../../../lib/commands/ping.ts';
import type { PingResponse } from '../../../lib/documents/ping.ts';
import type { SyncRequest } from '../../../lib/documents/sync.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import type { CommandResult } from '../../../lib/protocol/command.ts';
import { createHolder } from '../../../lib/push/hold.ts';
import { settle } from '../../support/fake-clock.ts';
import { createInProcessTransport } from '../../support/in-process-transport.ts';
import { email, INBOX, idOf } from '../../support/mailboxes.ts';
import { PHONE, pinging } from '../../support/ping-world.ts';
import { exchange, openSyncWorld } from '../../support/sync-world.ts';

const request = (SyncKey: string): SyncRequest => ({ Collections: { Collection: [{ SyncKey, CollectionId: INBOX }] } });

async function setUp() {
  const world = await openSyncWorld();
  const { table, clock, news, mailbox } = world;
  const mailboxes = { open: () => mailbox };
  await world.makeDevice(PHONE);
  const transport = createInProcessTransport();
  const holder = createHolder({ table, clock, log: silentLog, task: 't', epoch: 'e', transport });
  const command = createPing({ table, mailboxes, log: silentLog, news, hierarchy: { upToDate: async () => true } });
  let key = '0';
  /** One Sync; gives the number of commands in its answer. */
  const sync = async (): Promise<number> => {
    const answer = await exchange(world.command, world.context(PHONE), request(key));
    if (typeof answer !== 'object' || !('Collections' in answer)) return 0;
    const [collection] = answer.Collections!.Collection;
    key = collection!.SyncKey!;
    return collection!.Commands?.length ?? 0;
  };
  const ping = async () => {
    const answer: { document?: PingResponse } = {};
    const result = await command.run(world.context(PHONE), pinging(480, INBOX));
    if (result.kind !== 'held') throw new TypeError('not held');
    const encode = (sent: CommandResult<PingResponse>) => {
      if (sent.kind === 'document') answer.document = sent.document;
      return { status: 200, headers: {}, body: new Uint8Array(0) };
    };
    holder.hold(result.hold, encode).complete(() => {});
    await quiet();
    return answer;
  };
  const wake = async () => {
    const folder = (await mailbox.folder(INBOX))!;
    holder.wake([{ mailbox: mailbox.id, folder: INBOX, seq: folder.seq, added: folder.added }]);
    await quiet();
  };
  const quiet = async () => {
    for (let turn = 0; turn < 5; turn++) await settle();
  };
  /** First contact: key, everything that is there, and the receipt of it. */
  const upToDate = async () => {
    await sync();
    await clock.advance(60_000);
    while ((await sync()) > 0);
  };
  return { clock, mailbox, sync, ping, wake, upToDate };
}

const CHANGED = { Status: 2, Folders: { Folder: [INBOX] } };

test('a device that has everything waits, and an addition ends its Ping', async () => {
  const { mailbox, ping, wake, upToDate } = await setUp();
  await mailbox.append(INBOX, [email('a')]);
  await upToDate();
  const answer = await ping();
  expect(answer.document).toBeUndefined();
  await mailbox.append(INBOX, [email('b')]);
  await wake();
  expect(answer.document).toEqual(CHANGED);
});

test('what came before the Ping is told at once', async () => {
  const { mailbox, ping, upToDate } = await setUp();
  await upToDate();
  await mailbox.append(INBOX, [email('a')]);
  expect((await ping()).document).toEqual(CHANGED);
});

test('what was returned with the last key is no news, acknowledged or not, but for the once that it may be lost [MS-ASCMD R5636]', async () => {
  const { clock, mailbox, sync, ping, wake, upToDate } = await setUp();
  await upToDate();
  await mailbox.append(INBOX, [email('a')]);
  await clock.advance(60_000);
  expect(await sync()).toBe(1);
  await ping();
  await clock.advance(2000);
  const answer = await ping();
  expect(answer.document).toBeUndefined();
  await mailbox.append(INBOX, [email('b')]);
  await wake();
  expect(answer.document).toEqual(CHANGED);
});

test('a flag waits for the end of the heartbeat and is status 2 then', async () => {
  const { clock, mailbox, ping, wake, upToDate } = await setUp();
  await mailbox.append(INBOX, [email('a')]);
  await upToDate();
  const answer = await ping();
  await mailbox.update(INBOX, idOf('a'), ({ content }) => ({ content: { ...content, read: true }, kind: 'flags' }));
  await wake();
  await clock.advance(470_000);
  expect(answer.document).toBeUndefined();
  await clock.advance(11_000);
  await settle();
  expect(answer.document).toEqual(CHANGED);
});

test('a Ping changes no key: the Sync after it goes on with the one before it', async () => {
  const { mailbox, sync, ping, upToDate } = await setUp();
  await upToDate();
  await mailbox.append(INBOX, [email('a')]);
  await ping();
  expect(await sync()).toBe(1);
});
