import { describe, expect, it } from 'vitest';
import { MeetingResponseRequest, MeetingResponseResponse } from '../../lib/documents/meeting-response.ts';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import type { Phone } from '../support/client/phone.ts';
import { since, VERSIONS } from './harness.ts';
import { type Person, ready, sharedServer, subjects } from './shared.ts';

const shared = sharedServer();
const DELETED_ITEMS = 4;
const SENT_ITEMS = 5;
type Request = MeetingResponseRequest['Request'][number];

/** As Outlook sends it: the calendar is a third form of the body, and no file. */
function invitation(to: string, organizer: string, method = 'REQUEST', lines: readonly string[] = []): string {
  const event = [
    'UID:0815@example.test',
    'DTSTAMP:20260713T083000Z',
    'DTSTART:20260720T070000Z',
    'DTEND:20260720T080000Z',
    'SEQUENCE:2',
    'SUMMARY:Review',
    `ORGANIZER;CN=Ada:mailto:${organizer}`,
    `ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${to.toUpperCase()}`,
    ...lines,
  ].join('\n');
  return [
    `From: Ada <${organizer}>\nTo: ${to}\nSubject: Review\nMessage-ID: <42@example.test>\nMIME-Version: 1.0`,
    'Content-Type: multipart/alternative; boundary=m\n',
    '--m\nContent-Type: text/plain\n\nSee you\n--m',
    'Content-Type: text/html\n\n<p>See you</p>\n--m',
    `Content-Type: text/calendar; charset=utf-8; method=${method}\n`,
    `BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:${method}\nBEGIN:VEVENT\n${event}\nEND:VEVENT\nEND:VCALENDAR\n--m--\n`,
  ]
    .join('\n')
    .replaceAll('\n', '\r\n');
}

async function invited(version: ProtocolVersion) {
  const [ada, kim] = [await shared.person('ada'), await shared.person('kim')];
  await kim.deliver(invitation(kim.address, ada.address));
  const phone = await ready(kim, { version });
  const [RequestId] = [...phone.inbox.items.keys()] as [string];
  return { ada, kim, phone, RequestId };
}

const respond = async (phone: Phone, ...Request: readonly Partial<Request>[]) => {
  const value = { Request: Request.map((one) => ({ UserResponse: 1, CollectionId: phone.inbox.id, ...one })) };
  return await phone.client.command('MeetingResponse', MeetingResponseRequest, value, MeetingResponseResponse);
};
const statusesOf = ({ document }: Awaited<ReturnType<typeof respond>>) => document?.Result.map(({ Status }) => Status);

/** What this person got, as mail with a body of plain text. */
async function inboxOf(person: Person) {
  const phone = await ready(person);
  return [...phone.inbox.items.values()];
}

describe('an invitation that is answered', () => {
  it.each(VERSIONS)(
    'leaves the Inbox for Deleted Items, version %i [MS-ASCMD R266 R3807 R4180 R5374 R5723] [MS-ASHTTP R432]',
    async (version) => {
      const { phone, RequestId } = await invited(version);
      await phone.drain(phone.folder(DELETED_ITEMS));
      const { document } = await respond(phone, { RequestId });
      expect(document).toEqual({ Result: [{ RequestId, Status: 1 }] });
      expect((await phone.drain(phone.inbox)).deleted).toEqual([RequestId]);
      await phone.drain(phone.folder(DELETED_ITEMS));
      expect(subjects(phone.folder(DELETED_ITEMS))).toEqual(['Review']);
    },
  );

  it.each(VERSIONS)('is answered alike when the answer was lost, and once, version %i', async (version) => {
    const { ada, phone, RequestId } = await invited(version);
    const request = { RequestId, SendResponse: {} };
    expect(statusesOf(await respond(phone, request, request))).toEqual([1, 1]);
    expect(statusesOf(await respond(phone, request))).toEqual([1]);
    await phone.drain(phone.folder(DELETED_ITEMS));
    expect(phone.folder(DELETED_ITEMS).items.size).toBe(1);
    expect(await inboxOf(ada)).toHaveLength(version >= 160 ? 1 : 0);
  });

  it.each([
    [1, 'Accepted', 'Pos', '[MS-ASCMD R5723]'],
    [2, 'Tentative', 'Tent', '[MS-ASCMD R5705 R5724]'],
    [3, 'Declined', 'Neg', '[MS-ASCMD R5706 R5725 R837 R5072]'],
  ])('with %i tells its organizer: %s, class %s %s', async (UserResponse, word, end) => {
    const { ada, phone, RequestId } = await invited(161);
    const { document } = await respond(phone, { RequestId, UserResponse, SendResponse: {} });
    expect(document).toEqual({ Result: [{ RequestId, Status: 1 }] });
    const [reply] = await inboxOf(ada);
    expect(reply).toMatchObject({ Subject: `${word}: Review`, MessageClass: `IPM.Schedule.Meeting.Resp.${end}` });
    // The organizer's calendar finds its meeting by this.
    expect(reply!.MeetingRequest!.UID).toBe('0815@example.test');
  });

  it.each(VERSIONS)(
    'is told to the organizer by the server from 16.0 on, version %i [MS-ASCMD R6062 R7115 R7118 R7119] [MS-ASAIRS R1333 R1000954]',
    async (version) => {
      const { ada, kim, phone, RequestId } = await invited(version);
      const Body = { Type: 1, Data: 'I am looking forward to it' };
      await respond(phone, { RequestId, SendResponse: { Body } });
      const replies = await inboxOf(ada);
      if (version < 160) return expect(replies).toEqual([]);
      expect(replies).toHaveLength(1);
      expect(replies[0]!.From).toContain(`<${kim.address}>`);
      expect(replies[0]!.Body!.Data).toContain(Body.Data);
      await phone.drain(phone.folder(SENT_ITEMS));
      expect(subjects(phone.folder(SENT_ITEMS))).toEqual(['Accepted: Review']);
    },
  );

  it.each(since(160))('is told to nobody without SendResponse, version %i [MS-ASCMD R7113]', async (version) => {
    const { ada, phone, RequestId } = await invited(version);
    expect(statusesOf(await respond(phone, { RequestId }))).toEqual([1]);
    expect(await inboxOf(ada)).toEqual([]);
  });

  it('can ask for another time in 16.1', async () => {
    const { ada, phone, RequestId } = await invited(161);
    const [ProposedStartTime, ProposedEndTime] = [Date.UTC(2026, 6, 21, 7), Date.UTC(2026, 6, 21, 8)];
    await respond(phone, { RequestId, UserResponse: 2, SendResponse: { ProposedStartTime, ProposedEndTime } });
    const reader = await ready(ada, { version: 161 });
    const [reply] = [...reader.inbox.items.values()];
    expect(reply).toMatchObject({
      Subject: 'New Time Proposed: Review',
      MeetingRequest: { ProposedStartTime, ProposedEndTime },
    });
  });

  it.each(since(120))('may be named as a search found it, version %i', async (version) => {
    const { phone, RequestId } = await invited(version);
    const request = { CollectionId: undefined, LongId: RequestId };
    expect((await respond(phone, request)).document).toEqual({ Result: [{ Status: 1 }] });
    expect((await phone.drain(phone.inbox)).deleted).toEqual([RequestId]);
  });

  it('stays where it was when the reply cannot be sent', async () => {
    const kim = await shared.person('kim');
    await kim.deliver(invitation(kim.address, 'ada@elsewhere.test'));
    const phone = await ready(kim, { version: 161 });
    const [RequestId] = [...phone.inbox.items.keys()] as [string];
    expect(statusesOf(await respond(phone, { RequestId, SendResponse: {} }))).toEqual([4]);
    expect((await phone.drain(phone.inbox)).deleted).toEqual([]);
    expect(statusesOf(await respond(phone, { RequestId }))).toEqual([1]);
  });
});

describe('what is no invitation of this mailbox', () => {
  it.each(VERSIONS)(
    'is status 2, and the others of the command are answered, version %i [MS-ASCMD R4182 R4183]',
    async (version) => {
      const { kim, phone, RequestId } = await invited(version);
      await kim.mail('no meeting');
      await phone.drain(phone.inbox);
      const other = [...phone.inbox.items].find(([, { Subject }]) => Subject === 'no meeting')![0];
      const answer = await respond(
        phone,
        { RequestId: other },
        { RequestId: `${phone.inbox.id}:01HX0000000000000000000000` },
        { RequestId: 'odd' },
        { RequestId, UserResponse: 4 },
        { RequestId, UserResponse: 0 },
        {},
        { RequestId },
      );
      expect(statusesOf(answer)).toEqual([2, 2, 2, 2, 2, 2, 1]);
      expect((await phone.drain(phone.inbox)).deleted).toEqual([RequestId]);
    },
  );

  it.each(['CANCEL', 'REPLY', 'COUNTER'])('is status 2: %s', async (method) => {
    const kim = await shared.person('kim');
    await kim.deliver(invitation(kim.address, 'ada@sender.test', method));
    const phone = await ready(kim);
    const [RequestId] = [...phone.inbox.items.keys()] as [string];
    expect(statusesOf(await respond(phone, { RequestId }))).toEqual([2]);
    expect((await phone.drain(phone.inbox)).deleted).toEqual([]);
  });

  it('is status 2 where the user is the organizer [MS-ASCMD R4184]', async () => {
    const kim = await shared.person('kim');
    await kim.deliver(invitation(kim.address, kim.address));
    const phone = await ready(kim);
    const [RequestId] = [...phone.inbox.items.keys()] as [string];
    expect(statusesOf(await respond(phone, { RequestId }))).toEqual([2]);
  });

  it.each([
    [2, 'of a mail', '2026-07-20T07:00:00.000Z', '[MS-ASCMD R4185]'],
    [2, 'of nothing', '', '[MS-ASCMD R4186]'],
    [104, 'in another form', '20260720T070000Z', '[MS-ASCMD R3195]'],
    [104, 'of no day', '2026-13-20T07:00:00.000Z', '[MS-ASCMD R3195]'],
  ])('is status %i with an InstanceId %s: %s %s', async (status, _, InstanceId) => {
    const { phone, RequestId } = await invited(161);
    expect(statusesOf(await respond(phone, { RequestId, InstanceId }))).toEqual([status]);
    expect((await phone.drain(phone.inbox)).deleted).toEqual([]);
  });

  it('is status 103 in more than a hundred requests [MS-ASCMD R5650]', async () => {
    const { phone, RequestId } = await invited(161);
    const requests = Array.from({ length: 101 }, () => ({ RequestId }));
    expect((await respond(phone, ...requests)).document).toEqual({ Result: [{ Status: 103 }] });
    expect(statusesOf(await respond(phone, ...requests.slice(1)))).toEqual(Array.from({ length: 100 }, () => 1));
  });

  it('has an id that is given back where a client may send it [MS-ASCMD R5871]', async () => {
    const { phone } = await invited(161);
    expect((await respond(phone, { RequestId: 'x'.repeat(65) })).document).toEqual({ Result: [{ Status: 2 }] });
  });
});
