import { describe, expect, it } from 'vitest';
import { SyncResponse } from '../../lib/documents/sync.ts';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import { decode, type WbxmlElement } from '../../lib/wbxml/index.ts';
import type { Phone } from '../support/client/phone.ts';
import { since } from './harness.ts';
import { bytesOf, el, ready, sharedServer } from './shared.ts';

const shared = sharedServer();

/** A Change of the one mail in the inbox, by whatever elements. Gives its status: 1 where the answer names none. */
async function change(phone: Phone, ...data: WbxmlElement[]): Promise<number> {
  const [id] = [...phone.inbox.items.keys()];
  const command = el('AirSync', 'Change', [el('AirSync', 'ServerId', id!), el('AirSync', 'ApplicationData', data)]);
  const document = el('AirSync', 'Sync', [
    el('AirSync', 'Collections', [
      el('AirSync', 'Collection', [
        el('AirSync', 'SyncKey', phone.inbox.syncKey),
        el('AirSync', 'CollectionId', phone.inbox.id),
        el('AirSync', 'Commands', [command]),
      ]),
    ]),
  ]);
  const { body } = await phone.client.raw('Sync', bytesOf(document));
  const answer = decode(SyncResponse, body, phone.client.version);
  const one = answer.Collections?.Collection[0];
  if (!one) throw new Error(`the whole request failed with ${answer.Status}`);
  phone.apply(phone.inbox, one);
  return (one.Responses?.[0]?.value as { Status: number } | undefined)?.Status ?? 1;
}

const email = (tag: string, value: string | readonly WbxmlElement[]) => el('Email', tag, value);
const task = (tag: string, value: string) => el('Tasks', tag, value);
const flag = (...children: WbxmlElement[]) => email('Flag', children);
const DAY1 = '2026-02-01T00:00:00.000Z';
const DAY2 = '2026-02-02T00:00:00.000Z';

/** Everything that a flag may have; each by its tag, so that a test can say one of them twice. */
const FULL: Readonly<Record<string, WbxmlElement>> = {
  Subject: task('Subject', 'Call back'),
  Status: email('Status', '2'),
  FlagType: email('FlagType', 'Flag for follow up'),
  StartDate: task('StartDate', DAY1),
  UtcStartDate: task('UtcStartDate', DAY1),
  DueDate: task('DueDate', DAY2),
  UtcDueDate: task('UtcDueDate', DAY2),
  ReminderSet: task('ReminderSet', '1'),
  ReminderTime: task('ReminderTime', DAY1),
  OrdinalDate: task('OrdinalDate', DAY1),
  SubOrdinalDate: task('SubOrdinalDate', '5555'),
};

async function flagged(version: ProtocolVersion = 161) {
  const person = await shared.person();
  await person.mail('To be flagged');
  const phone = await ready(person, { version });
  const other = await ready(person, { version, deviceId: 'SECOND01' });
  const seen = async () => {
    await other.drain(other.inbox);
    return [...other.inbox.items.values()][0]!;
  };
  return { phone, other, seen };
}

describe('a flag', () => {
  it.each(since(120))(
    'comes to the other device as it was set, version %i [MS-ASEMAIL R1006 R1007 R1021]',
    async (version) => {
      const { phone, seen } = await flagged(version);
      expect(await change(phone, flag(...Object.values(FULL)))).toBe(1);
      expect((await seen()).Flag).toMatchObject({
        Subject: 'Call back',
        Status: 2,
        FlagType: 'Flag for follow up',
        StartDate: Date.parse(DAY1),
        DueDate: Date.parse(DAY2),
        ReminderSet: true,
        SubOrdinalDate: '5555',
      });
    },
  );

  it.each([
    ['DueDate', 'R581'],
    ['OrdinalDate', 'R634'],
    ['ReminderSet', 'R697'],
    ['ReminderTime', 'R706'],
    ['StartDate', 'R746'],
    ['Status', 'R761'],
    ['SubOrdinalDate', 'R777'],
    ['UtcDueDate', 'R858'],
    ['UtcStartDate', 'R869'],
  ])('with two %s is no error [MS-ASEMAIL %s]', async (tag) => {
    const { phone, seen } = await flagged();
    expect(await change(phone, flag(...Object.values(FULL), FULL[tag]!))).toBe(1);
    expect((await seen()).Flag?.Status).toBe(2);
  });

  it('is completed with both times, or not at all [MS-ASEMAIL R334 R336 R358]', async () => {
    const { phone, seen } = await flagged();
    expect(await change(phone, flag(...Object.values(FULL)))).toBe(1);
    const times = [email('CompleteTime', DAY2), task('DateCompleted', DAY2)];
    for (const missing of times) {
      const rest = times.filter((one) => one !== missing);
      expect(await change(phone, flag(email('Status', '1'), ...rest))).toBe(6);
    }
    expect((await seen()).Flag?.Status).toBe(2);
    expect(await change(phone, flag(email('Status', '1'), ...times))).toBe(1);
    expect((await seen()).Flag).toMatchObject({
      Status: 1,
      CompleteTime: Date.parse(DAY2),
      DateCompleted: Date.parse(DAY2),
    });
  });

  it('is due no earlier than it begins [MS-ASEMAIL R406]', async () => {
    const { phone } = await flagged();
    const turned = { ...FULL, DueDate: task('DueDate', DAY1), StartDate: task('StartDate', DAY2) };
    expect(await change(phone, flag(...Object.values(turned)))).toBe(6);
  });

  it.each([
    ['an empty Flag', () => flag()],
    ['Status 0', () => flag(email('Status', '0'))],
  ])('is cleared by %s', async (_, cleared) => {
    const { phone, seen } = await flagged();
    await change(phone, flag(...Object.values(FULL)));
    expect((await seen()).Flag?.Status).toBe(2);
    expect(await change(phone, cleared())).toBe(1);
    expect((await seen()).Flag).toEqual({});
  });
});

describe('what changed', () => {
  it('is all that another device is sent [MS-ASEMAIL R1017]', async () => {
    const { phone, other } = await flagged();
    const told = async () => {
      const collection = { SyncKey: other.inbox.syncKey, CollectionId: other.inbox.id };
      const { document } = await other.client.sync({ Collections: { Collection: [collection] } });
      const one = document!.Collections!.Collection[0]!;
      other.apply(other.inbox, one);
      const data = (one.Commands![0]!.value as { ApplicationData: WbxmlElement }).ApplicationData;
      return data.children.map(({ tag }) => tag);
    };
    await change(phone, email('Read', '1'));
    expect(await told()).toEqual(['Read']);
    await change(phone, flag(...Object.values(FULL)));
    expect(await told()).toEqual(['Flag']);
    await change(phone, email('Categories', [email('Category', 'Red'), email('Category', 'Blue')]));
    expect(await told()).toEqual(['Categories']);
    await change(phone, email('Read', '0'), email('Categories', []));
    expect((await told()).toSorted()).toEqual(['Categories', 'Read']);
  });

  it.each(['ConversationId', 'ReceivedAsBcc', 'Sender'])("%s is the server's own", async (tag) => {
    const { phone } = await flagged();
    const value = tag === 'ReceivedAsBcc' ? '1' : 'x';
    expect(await change(phone, el('Email2', tag, value))).toBe(6);
  });
});

describe('the changes of a mail', () => {
  const BLUE = email('Categories', [email('Category', 'Blue')]);
  it.each([
    ['its flag', 'R100', [flag(...Object.values(FULL))], ['Flag']],
    ['its read state and flag', 'R10612', [email('Read', '1'), flag(...Object.values(FULL))], ['Flag', 'Read']],
    ['its read state and categories', 'R10608', [email('Read', '1'), BLUE], ['Categories', 'Read']],
    ['its flag and categories', 'R10600', [flag(...Object.values(FULL)), BLUE], ['Categories', 'Flag']],
  ] as [string, string, WbxmlElement[], string[]][])(
    'of %s come alone [MS-ASEMAIL %s]',
    async (_, __, elements, expected) => {
      const { phone, other } = await flagged();
      await other.sync(other.inbox);
      expect(await change(phone, ...elements)).toBe(1);
      const collection = { SyncKey: other.inbox.syncKey, CollectionId: other.inbox.id };
      const { document } = await other.client.sync({ Collections: { Collection: [collection] } });
      const [command] = document!.Collections!.Collection[0]!.Commands!;
      expect(command!.tag).toBe('Change');
      const { children } = (command!.value as unknown as { ApplicationData: WbxmlElement }).ApplicationData;
      expect(children.map(({ tag }) => tag).sort()).toEqual(expected);
    },
  );

  it('come whole where more has changed [MS-ASEMAIL R77]', async () => {
    const { phone, other } = await flagged(161);
    await other.sync(other.inbox);
    const [id] = [...phone.inbox.items.keys()];
    const mime = Buffer.from('To: a@example.test\r\nSubject: Re\r\n\r\nHi\r\n');
    const person = await shared.person();
    await phone.client.compose('SmartReply', {
      mime: Buffer.from(mime.toString().replace('a@example.test', person.address)),
      save: false,
      source: { CollectionId: phone.inbox.id, ItemId: id },
    });
    await other.drain(other.inbox);
    expect(other.inbox.items.get(id!)).toMatchObject({
      LastVerbExecuted: 1,
      LastVerbExecutionTime: expect.any(Number),
    });
  });

  it('are refused where a value is none [MS-ASEMAIL R643]', async () => {
    const { phone } = await flagged();
    expect(await change(phone, email('Read', 'perhaps'))).toBe(6);
  });

  it.each([
    ['UmCallerID', 'R817'],
    ['UmUserNotes', 'R835'],
  ])('may not be of %s, which is the server’s [MS-ASEMAIL %s]', async (tag) => {
    const { phone } = await flagged();
    expect(await change(phone, el('Email2', tag, 'x'))).toBe(6);
  });
});

describe('a flag that a rule forbids', () => {
  it('has a reminder without a time [MS-ASEMAIL R701 R702]', async () => {
    const { phone, seen } = await flagged();
    const { ReminderTime: _, ...rest } = FULL;
    expect(await change(phone, flag(...Object.values(rest)))).toBe(6);
    // Without the wish for one, no time is needed.
    const { ReminderSet: __, ...none } = rest;
    expect(await change(phone, flag(...Object.values(none)))).toBe(1);
    expect((await seen()).Flag?.ReminderSet ?? false).toBe(false);
  });

  it('begins after it is due, in either kind of time [MS-ASEMAIL R738 R850 R861]', async () => {
    const { phone } = await flagged();
    const local = { ...FULL, StartDate: task('StartDate', DAY2), DueDate: task('DueDate', DAY1) };
    const utc = { ...FULL, UtcStartDate: task('UtcStartDate', DAY2), UtcDueDate: task('UtcDueDate', DAY1) };
    expect(await change(phone, flag(...Object.values(local)))).toBe(6);
    expect(await change(phone, flag(...Object.values(utc)))).toBe(6);
  });

  it('has a status that is none [MS-ASEMAIL R753]', async () => {
    const { phone } = await flagged();
    expect(await change(phone, flag(email('Status', '3'), email('FlagType', 'x')))).toBe(6);
  });
});

describe('the way of a flag [MS-ASEMAIL R942 R87 R89 R91 R8900 R1072 R693]', () => {
  it('is to be set, changed, completed and cleared', async () => {
    const { phone, seen } = await flagged();
    const now = async () => (await seen()).Flag ?? {};
    expect(await change(phone, flag(...Object.values(FULL)))).toBe(1);
    expect(await now()).toMatchObject({ Status: 2, ReminderSet: true });
    expect(await change(phone, flag(task('Subject', 'Another')))).toBe(1);
    expect(await now()).toMatchObject({ Status: 2, Subject: 'Another', FlagType: 'Flag for follow up' });
    const done = [email('Status', '1'), email('CompleteTime', DAY2), task('DateCompleted', DAY2)];
    expect(await change(phone, flag(...done))).toBe(1);
    expect((await now()).Status).toBe(1);
    for (const cleared of [flag(email('Status', '0')), flag()]) {
      expect(await change(phone, flag(...Object.values(FULL)))).toBe(1);
      expect(await change(phone, cleared)).toBe(1);
      expect((await now()).Status).toBeUndefined();
    }
  });
});
