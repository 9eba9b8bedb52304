import { describe, expect, test } from 'vitest';
import { createMeetingResponse } from '../../../lib/commands/meeting-response.ts';
import type { MeetingResponseRequest } from '../../../lib/documents/meeting-response.ts';
import { formatServerId } from '../../../lib/mailbox/server-id.ts';
import type { FolderId } from '../../../lib/ops/ids.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { INBOX, openSendWorld, SENT } from '../../support/send-world.ts';

const TRASH = 'trash' as FolderId;
type Request = Partial<MeetingResponseRequest['Request'][number]>;

const invitation = (lines: readonly string[] = []) =>
  [
    'From: Ada <ada@else.test>',
    'To: sales@example.org',
    'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
    'Message-ID: <42@else.test>',
    'MIME-Version: 1.0',
    'Content-Type: text/calendar; charset=utf-8; method=REQUEST',
    '',
    'BEGIN:VCALENDAR',
    'METHOD:REQUEST',
    'BEGIN:VEVENT',
    'UID:7@else.test',
    'DTSTART:20260720T070000Z',
    'ATTENDEE:mailto:sales@example.org',
    ...lines,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');

/** Ann with an invitation to her alias, from beyond the relay. */
async function invited(
  raw = invitation(['ORGANIZER:mailto:ada@else.test']),
  over: Parameters<typeof openSendWorld>[0] = {},
) {
  const world = await openSendWorld(over);
  await world.delivery.deliver('sales@example.org', Buffer.from(raw), { from: 'ada@else.test', arrival: 'live' });
  const [item] = await world.folder('ann', INBOX);
  const RequestId = formatServerId(INBOX, item!.id);
  const services = { table: world.table, blobs: world.store.blobs, delivery: world.delivery, outbound: world.outbound };
  const command = createMeetingResponse(services, over.send);
  const respond = async (request: Request = {}, version: 141 | 161 = 161, device = 'phone1') => {
    const whole = { UserResponse: 1, CollectionId: INBOX, RequestId, SendResponse: {}, ...request };
    const answered = await command.run(world.context(version, device), { Request: [whole] });
    await world.outbound.poll();
    return answered.kind === 'document' ? answered.document.Result.map(({ Status }) => Status) : [];
  };
  return { world, respond, RequestId };
}

describe('the reply to an organizer elsewhere', () => {
  test('goes out once, from the address that was invited, through the relay [MS-ASCMD R7114]', async () => {
    const { world, respond } = await invited();
    expect(await respond()).toEqual([1]);
    expect(await respond()).toEqual([1]);
    expect(world.relay.messages).toHaveLength(1);
    const [{ from, to, raw }] = world.relay.messages as [(typeof world.relay.messages)[number]];
    expect([from, to]).toEqual(['sales@example.org', ['ada@else.test']]);
    const plain = raw
      .replaceAll('=\r\n', '')
      .replaceAll('=3D', '=')
      .replace(/\r\n[ \t]/g, '');
    expect(plain).toMatch(/^From: "Ann Lee" <sales@example\.org>\r$/m);
    expect(plain).toMatch(/^In-Reply-To: <42@else\.test>\r$/m);
    expect(plain).toMatch(/^Content-Type: text\/calendar; charset=utf-8; ?method=REPLY\r$/m);
    expect(plain).toContain('ATTENDEE;PARTSTAT=ACCEPTED;CN=Ann Lee:mailto:sales@example.org');
    expect(plain).not.toContain('text/plain');
    // All of the subject is ASCII on the way, and reads as it was written.
    expect(raw).toMatch(/^[\0-\x7f]*$/);
    const [kept] = await world.folder('ann', SENT);
    expect(kept!.content).toMatchObject({ subject: 'Accepted: Grüße', read: true });
  });

  test('has the words of the request in both forms', async () => {
    const { world, respond } = await invited();
    await respond({ UserResponse: 3, SendResponse: { Body: { Type: 2, Data: '<p>Not <b>me</b></p>' } } });
    const [kept] = await world.folder('ann', SENT);
    expect(kept!.content.text.prefix.trim()).toBe('Not me');
    expect(kept!.content.html!.prefix).toContain('<b>me</b>');
    expect(kept!.content.messageClass).toBe('IPM.Schedule.Meeting.Resp.Neg');
  });

  test('goes to who wrote the mail where the calendar names no organizer', async () => {
    const { world, respond } = await invited(invitation());
    expect(await respond()).toEqual([1]);
    expect(world.relay.messages).toMatchObject([{ to: ['ada@else.test'] }]);
  });

  test('is not sent up to 14.1, where the client sends it', async () => {
    const { world, respond } = await invited();
    expect(await respond({}, 141)).toEqual([1]);
    expect([world.relay.messages.length, (await world.folder('ann', TRASH)).length]).toEqual([0, 1]);
  });

  test('may be another one from another device or with another mind', async () => {
    const { world, respond } = await invited();
    await respond();
    expect(await respond({ UserResponse: 3 })).toEqual([1]);
    expect(world.relay.messages).toHaveLength(2);
    expect(await world.folder('ann', TRASH)).toHaveLength(1);
  });

  test.each([
    ['nobody is beyond the relay', { relay: false }],
    ['too much was sent', { send: { recipientsPerHour: 0 } }],
  ])('fails with 4 where %s, and nothing is done', async (_, over) => {
    const { world, respond } = await invited(undefined, over);
    expect(await respond()).toEqual([4]);
    expect([(await world.folder('ann', INBOX)).length, (await world.folder('ann', SENT)).length]).toEqual([1, 0]);
  });

  test('fails with 3 while the store is away [MS-ASCMD R4189]', async () => {
    const { world, respond } = await invited();
    world.table.faults = { write: () => 'throttled' };
    expect(await respond()).toEqual([3]);
    world.table.faults = {};
    expect(await respond()).toEqual([1]);
    expect(world.relay.messages).toHaveLength(1);
  });

  test('that was sent by a process that ended is not sent again, and the invitation leaves', async () => {
    const { world, respond } = await invited();
    let writes = 0;
    world.table.faults = {
      before: (operation) => {
        // The first transaction is the reply, the next ones would move the invitation.
        if (operation === 'transact' && ++writes > 1) throw new StoreUnavailable('gone');
      },
    };
    expect(await respond().catch(() => 'died')).not.toEqual([1]);
    world.table.faults = {};
    expect(await world.folder('ann', INBOX)).toHaveLength(1);
    expect(await respond()).toEqual([1]);
    expect(await world.folder('ann', INBOX)).toHaveLength(0);
    expect(world.relay.messages).toHaveLength(1);
  });
});
