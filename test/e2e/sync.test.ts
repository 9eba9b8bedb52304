import { describe, expect, it } from 'vitest';
import type { SyncRequest } from '../../lib/documents/sync.ts';
import { SyncResponse } from '../../lib/documents/sync.ts';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import { decode, type WbxmlElement } from '../../lib/wbxml/index.ts';
import type { Phone, PhoneFolder } from '../support/client/phone.ts';
import { since, VERSIONS } from './harness.ts';
import { bytesOf, el, LeapingClock, ready, sharedServer, subjects } from './shared.ts';

const clock = new LeapingClock();
const shared = sharedServer({}, { clock });
const DAY = 86_400_000;

type Collection = NonNullable<SyncRequest['Collections']>['Collection'][number];

/** One collection, asked with nothing but what is given. */
async function ask(phone: Phone, folder: PhoneFolder, more: Partial<Collection> = {}) {
  const collection = { SyncKey: folder.syncKey, CollectionId: folder.id, ...more } as Collection;
  const answer = await phone.client.sync({ Collections: { Collection: [collection] } });
  return { ...answer, one: answer.document?.Collections?.Collection[0] };
}

const change = (ServerId: string, ...data: WbxmlElement[]) =>
  ({ tag: 'Change', value: { ServerId, ApplicationData: el('AirSync', 'ApplicationData', data) } }) as const;
const read = (value: '0' | '1') => el('Email', 'Read', value);
const fetchOf = (ServerId: string) => ({ tag: 'Fetch', value: { ServerId } }) as const;
const deleteOf = (ServerId: string) => ({ tag: 'Delete', value: { ServerId } }) as const;
const firstId = ({ items }: PhoneFolder) => [...items.keys()][0]!;

describe('a collection', () => {
  it.each(VERSIONS)('begins with a key and nothing else, version %i [MS-ASCMD R4423 R5862]', async (version) => {
    const person = await shared.person();
    await person.mail('Waits');
    const phone = person.phone({ version });
    await phone.start();
    const { one } = await ask(phone, phone.inbox);
    expect(one).toEqual({
      ...(version <= 121 ? { Class: 'Email' } : {}),
      SyncKey: expect.stringMatching(/^.{2,64}$/),
      CollectionId: phone.inbox.id,
      Status: 1,
    });
    expect(phone.inbox.id.length).toBeLessThanOrEqual(64);
    phone.inbox.syncKey = one!.SyncKey;
    expect((await phone.drain(phone.inbox)).added).toHaveLength(1);
  });

  it.each(VERSIONS)(
    'brings what came, what was read and what went, version %i [MS-ASCMD R941 R5701]',
    async (version) => {
      const person = await shared.person();
      const phone = await ready(person, { version });
      const other = await ready(person, { version, deviceId: 'SECOND01' });
      await person.mail('Subject line');
      expect((await phone.drain(phone.inbox)).added).toHaveLength(1);
      await other.drain(other.inbox);
      const id = firstId(phone.inbox);

      await phone.sync(phone.inbox, { Commands: [change(id, read('1'))] });
      expect((await other.drain(other.inbox)).changed).toEqual([id]);
      expect(other.inbox.items.get(id)?.Read).toBe(true);

      await phone.sync(phone.inbox, { Commands: [deleteOf(id)] });
      expect((await other.drain(other.inbox)).deleted).toEqual([id]);
      expect((await other.drain(other.folder(4))).added).toHaveLength(1);
      expect(await phone.drain(phone.inbox)).toMatchObject({ added: [], changed: [], deleted: [] });
    },
  );

  it('answers no change with an empty body [MS-ASHTTP R482 R212]', async () => {
    const phone = await ready(await shared.person());
    const { status, body, headers } = await ask(phone, phone.inbox, { GetChanges: true });
    expect({ status, size: body.length, length: headers['content-length'], type: headers['content-type'] }).toEqual({
      status: 200,
      size: 0,
      length: '0',
      type: undefined,
    });
  });

  it.each([
    ['a key that was never given', { SyncKey: 'nonsense' }, 3],
    ['changes asked for under key 0', { SyncKey: '0', GetChanges: true }, 4],
    ['a folder that is not there', { CollectionId: '4711', SyncKey: '0' }, 12],
    ['a class that the folder is not', { Options: [{ Class: 'Calendar' }] }, 4],
    ['a filter for calendars', { Options: [{ FilterType: 6 }] }, 4],
    ['a filter that is none', { Options: [{ FilterType: 9 }] }, 4],
    ['the same class twice', { Options: [{ Class: 'Email' }, { Class: 'Email' }] }, 4],
    ['a conflict rule that is none', { Options: [{ Conflict: 2 }] }, 4],
    ['a MIMETruncation that is none', { Options: [{ MIMETruncation: 9 }] }, 4],
  ] as const)('[MS-ASCMD R4420 R5778 R5779] refuses %s %j with %i', async (_, bad, status) => {
    const phone = await ready(await shared.person());
    const { document, one } = await ask(phone, phone.inbox, bad as Partial<Collection>);
    expect(document?.Status ?? one?.Status).toBe(status);
    if (status === 3) expect(one?.SyncKey).toBe('0');
    // The key that stands is none the worse.
    expect(await phone.sync(phone.inbox)).toMatchObject({ status: 1 });
  });

  it('takes the last of several where the order matters to nobody [MS-ASCMD R2075 R3075 R3404 R3432 R3272]', async () => {
    const person = await shared.person();
    const phone = await ready(person);
    await person.mail('One');
    const twice = (tag: string, first: string, second: string) => [
      el('AirSync', tag, first),
      el('AirSync', tag, second),
    ];
    const options = el('AirSync', 'Options', [
      ...twice('FilterType', '1', '0'),
      ...twice('Conflict', '0', '1'),
      ...twice('MIMESupport', '0', '1'),
      ...twice('MIMETruncation', '1', '8'),
      ...twice('MaxItems', '1', '2'),
    ]);
    const document = el('AirSync', 'Sync', [
      el('AirSync', 'Collections', [
        el('AirSync', 'Collection', [
          el('AirSync', 'SyncKey', phone.inbox.syncKey),
          el('AirSync', 'CollectionId', phone.inbox.id),
          options,
        ]),
      ]),
    ]);
    const { body } = await phone.client.raw('Sync', bytesOf(document));
    expect(decode(SyncResponse, body, 161).Collections!.Collection[0]).toMatchObject({ Status: 1 });
  });

  it('takes an empty list of commands for none [MS-ASCMD R2058]', async () => {
    const person = await shared.person();
    const phone = await ready(person);
    await person.mail('One');
    const { one } = await ask(phone, phone.inbox, { Commands: [] });
    expect(one).toMatchObject({ Status: 1, Commands: [{ tag: 'Add' }] });
  });
});

describe('a window', () => {
  it.each(VERSIONS)(
    'cuts the answer, and MoreAvailable says so, version %i [MS-ASCMD R4764 R5787 R1953]',
    async (version) => {
      const person = await shared.person();
      for (let count = 0; count < 7; count++) await person.mail(`Mail ${count}`);
      const phone = person.phone({ version });
      await phone.start();
      await phone.sync(phone.inbox);
      const sizes: number[] = [];
      for (let more = true; more; ) {
        const arrivals = await phone.sync(phone.inbox, { WindowSize: 3 });
        sizes.push(arrivals.added.length);
        more = arrivals.more;
      }
      expect(sizes).toEqual([3, 3, 1]);
      // The newest first: who opens the app sees them.
      expect(subjects(phone.inbox)[0]).toBe('Mail 6');
      expect(new Set(subjects(phone.inbox)).size).toBe(7);
    },
  );

  it.each([0, 513, 9999])('of %i is one of 512', async (WindowSize) => {
    const person = await shared.person();
    for (let count = 0; count < 3; count++) await person.mail(`Mail ${count}`);
    const phone = person.phone();
    await phone.start();
    await phone.sync(phone.inbox);
    expect((await phone.sync(phone.inbox, { WindowSize })).added).toHaveLength(3);
  });

  it('over all collections leaves out what it does not reach', async () => {
    const person = await shared.person();
    for (let count = 0; count < 4; count++) await person.mail(`Mail ${count}`);
    const phone = person.phone();
    await phone.start();
    await phone.sync(phone.inbox);
    const trash = phone.folder(4);
    await phone.sync(trash);
    const Collection = [phone.inbox, trash].map(({ id, syncKey }) => ({ CollectionId: id, SyncKey: syncKey }));
    const { document } = await phone.client.sync({ WindowSize: 2, Collections: { Collection } });
    expect(document?.Collections?.Collection).toHaveLength(1);
    expect(document?.Collections?.Collection[0]).toMatchObject({ CollectionId: phone.inbox.id, MoreAvailable: true });
  });
});

describe('a filter', () => {
  it('shows what is within it, and takes back what leaves it', async () => {
    const person = await shared.person();
    await person.mail('Old');
    clock.leap(5 * DAY);
    await person.mail('New');
    const phone = person.phone();
    phone.collectionOptions = { Options: [{ FilterType: 2 }] };
    await phone.start();
    await phone.drain(phone.inbox);
    expect(subjects(phone.inbox)).toEqual(['New']);
    clock.leap(2 * DAY);
    await person.mail('Newest');
    clock.leap(1.5 * DAY);
    const gone = await ask(phone, phone.inbox, { Options: [{ FilterType: 2 }] });
    expect(gone.one?.Commands?.map(({ tag }) => tag).toSorted()).toEqual(['Add', 'SoftDelete']);
    phone.apply(phone.inbox, gone.one!);
    expect(subjects(phone.inbox)).toEqual(['Newest']);
  });

  it('stays when a request does not name it, and goes when another is named', async () => {
    const person = await shared.person();
    await person.mail('Old');
    clock.leap(5 * DAY);
    await person.mail('New');
    const phone = person.phone();
    phone.collectionOptions = { Options: [{ FilterType: 1 }] };
    await phone.start();
    await phone.drain(phone.inbox);
    phone.collectionOptions = {};
    expect((await phone.drain(phone.inbox)).added).toEqual([]);
    expect(subjects(phone.inbox)).toEqual(['New']);
    phone.collectionOptions = { Options: [{ FilterType: 0 }] };
    await phone.drain(phone.inbox);
    expect(subjects(phone.inbox).toSorted()).toEqual(['New', 'Old']);
  });
});

describe('an answer that was lost', () => {
  it.each(VERSIONS)('comes again under the same key, and what came since waits, version %i', async (version) => {
    const person = await shared.person();
    const phone = await ready(person, { version });
    await person.mail('First');
    const lost = await ask(phone, phone.inbox);
    await person.mail('Second');
    const again = await ask(phone, phone.inbox);
    expect(again.body.equals(lost.body)).toBe(true);
    phone.apply(phone.inbox, again.one!);
    expect(subjects(phone.inbox)).toEqual(['First']);
    await phone.drain(phone.inbox);
    expect(subjects(phone.inbox)).toEqual(['First', 'Second']);
  });

  it('does nothing twice', async () => {
    const person = await shared.person();
    await person.mail('One');
    const phone = await ready(person);
    const other = await ready(person, { deviceId: 'SECOND01' });
    const id = firstId(phone.inbox);
    await ask(phone, phone.inbox, { Commands: [change(id, read('1'))] });
    // Meanwhile somebody marks it unread on another device; the repetition must not undo that.
    await other.drain(other.inbox);
    await other.sync(other.inbox, { Commands: [change(id, read('0'))] });
    const again = await ask(phone, phone.inbox, { Commands: [change(id, read('1'))] });
    phone.apply(phone.inbox, again.one!);
    await phone.drain(phone.inbox);
    expect(phone.inbox.items.get(id)?.Read).toBe(false);
  });

  it('is known two keys later no more', async () => {
    const person = await shared.person();
    const phone = await ready(person);
    const old = phone.inbox.syncKey;
    for (const name of ['One', 'Two']) {
      await person.mail(name);
      await phone.sync(phone.inbox);
    }
    expect((await ask(phone, phone.inbox, { SyncKey: old })).one).toMatchObject({ Status: 3, SyncKey: '0' });
  });
});

describe('a client command', () => {
  /** A phone that asks for short bodies, and has a long mail so. */
  const shortened = async (version: ProtocolVersion) => {
    const person = await shared.person();
    await person.mail('Long', 'x'.repeat(5000));
    const phone = person.phone({ version });
    phone.collectionOptions = { Options: [{ BodyPreference: [{ Type: 1, TruncationSize: 100 }] }] };
    await phone.start();
    await phone.drain(phone.inbox);
    return { person, phone };
  };

  it.each(since(120))('fetches a whole mail, version %i [MS-ASCMD R5848 R4411 R1066]', async (version) => {
    const { phone } = await shortened(version);
    const id = firstId(phone.inbox);
    expect(phone.inbox.items.get(id)?.Body).toMatchObject({ Type: 1, Truncated: true, EstimatedDataSize: 5000 });
    expect(phone.inbox.items.get(id)?.Body?.Data).toHaveLength(100);
    const Options = [{ BodyPreference: [{ Type: 1 }] }];
    const { one } = await ask(phone, phone.inbox, { Options, Commands: [fetchOf(id)] });
    const [answer] = one!.Responses!;
    expect(answer).toMatchObject({ tag: 'Fetch', value: { ServerId: id, Status: 1 } });
    const data = (answer!.value as { ApplicationData: WbxmlElement }).ApplicationData;
    expect(data.child('AirSyncBase', 'Body')?.child('AirSyncBase', 'Data')?.text()).toHaveLength(5000);
  });

  it.each(since(120))('fetches a whole mail without saying again how long it may be, version %i', async (version) => {
    const { person, phone } = await shortened(version);
    phone.collectionOptions = {};
    const id = firstId(phone.inbox);
    const { one } = await ask(phone, phone.inbox, { Commands: [fetchOf(id)] });
    phone.apply(phone.inbox, one!);
    const fetched = one!.Responses![0]!.value as { ApplicationData: WbxmlElement };
    const body = fetched.ApplicationData.child('AirSyncBase', 'Body')!;
    expect(body.child('AirSyncBase', 'Data')?.text()).toHaveLength(5000);
    expect(body.child('AirSyncBase', 'Truncated')?.text() ?? '0').toBe('0');
    // What comes by itself is as long as was said.
    await person.mail('Next', 'y'.repeat(5000));
    const [next] = (await phone.drain(phone.inbox)).added;
    expect(phone.inbox.items.get(next!)?.Body?.Data).toHaveLength(100);
  });

  it.each([
    ['Fetch', 8, '[MS-ASCMD R4447]'],
    ['Change', 8, ''],
    ['Delete', 8, ''],
  ] as const)('%s of an item that is gone has status %i %s', async (tag, status, _ids) => {
    const person = await shared.person();
    await person.mail('Gone');
    const phone = await ready(person);
    const id = firstId(phone.inbox);
    const other = await ready(person, { deviceId: 'SECOND01' });
    await other.sync(other.inbox, { Commands: [deleteOf(id)], DeletesAsMoves: false });
    const command = { Fetch: fetchOf(id), Change: change(id, read('1')), Delete: deleteOf(id) }[tag];
    const { one } = await ask(phone, phone.inbox, { Commands: [command] });
    expect(one?.Responses).toMatchObject([{ tag, value: { ServerId: id, Status: status } }]);
  });

  it.each([
    ['left out', {}, 1, '[MS-ASCMD R2161 R5874]'],
    ['true', { DeletesAsMoves: true }, 1, ''],
    ['false', { DeletesAsMoves: false }, 0, ''],
  ] as const)('Delete with DeletesAsMoves %s %j leaves %i in the Deleted Items %s', async (_, more, count, _ids) => {
    const person = await shared.person();
    await person.mail('Unwanted');
    const phone = await ready(person);
    await phone.sync(phone.inbox, { ...more, Commands: [deleteOf(firstId(phone.inbox))] });
    expect((await phone.drain(phone.folder(4))).added).toHaveLength(count);
  });

  it('more than two hundred are too many', async () => {
    const phone = await ready(await shared.person());
    const Commands = Array.from({ length: 201 }, (_, count) => fetchOf(`x:${count}`));
    expect((await ask(phone, phone.inbox, { Commands })).document).toEqual({ Status: 4 });
    const fewer = await ask(phone, phone.inbox, { Commands: Commands.slice(1) });
    expect(fewer.one?.Responses).toHaveLength(200);
  });

  it('with data of another class is refused, and nothing else is', async () => {
    const person = await shared.person();
    for (const name of ['One', 'Two']) await person.mail(name);
    const phone = await ready(person);
    const [one, two] = [...phone.inbox.items.keys()];
    const bad = change(one!, el('Email', 'Flag', [el('Email', 'Status', '7')]));
    const { one: answer } = await ask(phone, phone.inbox, { Commands: [bad, change(two!, read('1'))] });
    expect(answer?.Status).toBe(1);
    expect(answer?.Responses).toMatchObject([{ tag: 'Change', value: { ServerId: one, Status: 6 } }]);
    const other = await ready(person, { deviceId: 'SECOND01' });
    expect(other.inbox.items.get(two!)?.Read).toBe(true);
  });

  it('changes what two devices disagree about once: the server wins, or the client where it asks for that', async () => {
    const person = await shared.person();
    await person.mail('Disputed');
    for (const [conflict, status] of [
      [1, 7],
      [0, undefined],
    ] as const) {
      const phone = await ready(person, { deviceId: `FIRST${conflict}` });
      const other = await ready(person, { deviceId: `OTHER${conflict}` });
      const id = firstId(phone.inbox);
      const was = phone.inbox.items.get(id)?.Read;
      await other.sync(other.inbox, { Commands: [change(id, read(was ? '0' : '1'))] });
      const Options = [{ Conflict: conflict }];
      const { one } = await ask(phone, phone.inbox, { Options, Commands: [change(id, read(was ? '1' : '0'))] });
      const answer = one?.Responses?.[0]?.value as { Status?: number } | undefined;
      // Who writes what already stands there disagrees with nobody.
      if (status !== undefined) expect([status, undefined]).toContain(answer?.Status);
      else expect(answer?.Status).toBeUndefined();
    }
  });
});

describe('an empty request', () => {
  it.each(since(121))('repeats the last one, version %i', async (version) => {
    const person = await shared.person();
    const phone = person.phone({ version });
    await phone.start();
    expect((await phone.client.sync()).document).toEqual({ Status: 13 });
    await phone.drain(phone.inbox);
    await ask(phone, phone.inbox);
    expect((await phone.client.sync()).body).toHaveLength(0);
    await person.mail('News');
    const { document } = await phone.client.sync();
    expect(document?.Collections?.Collection[0]).toMatchObject({ Status: 1, CollectionId: phone.inbox.id });
  });

  it('a partial one needs one that it completes', async () => {
    const phone = (await shared.person()).phone();
    await phone.start();
    expect((await phone.client.sync({ Partial: true })).document).toEqual({ Status: 13 });
  });

  it.each([
    [{ Wait: 0 }, 14, 1],
    [{ Wait: 60 }, 14, 59],
    [{ HeartbeatInterval: 59 }, 14, 60],
    [{ HeartbeatInterval: 3541 }, 14, 3540],
    [{ Wait: 1, HeartbeatInterval: 60 }, 4, undefined],
  ] as const)('%j has status %i and the limit %s', async (wait, Status, Limit) => {
    const phone = await ready(await shared.person());
    const Collection = [{ CollectionId: phone.inbox.id, SyncKey: phone.inbox.syncKey }];
    const { document } = await phone.client.sync({ ...wait, Collections: { Collection } });
    expect(document).toEqual(Limit === undefined ? { Status } : { Status, Limit });
  });
});

describe('a request that waits', () => {
  it.each([{ Wait: 10 }, { HeartbeatInterval: 600 }])('%j is answered when a mail comes', async (wait) => {
    const person = await shared.person();
    const phone = await ready(person, { version: 141 });
    const Collection = [{ CollectionId: phone.inbox.id, SyncKey: phone.inbox.syncKey }];
    const waiting = phone.client.sync({ ...wait, Collections: { Collection } });
    await shared.untilHeld(1);
    await person.mail('At last');
    const { document } = await waiting;
    phone.apply(phone.inbox, document!.Collections!.Collection[0]!);
    expect(subjects(phone.inbox)).toEqual(['At last']);
  });

  it('is given up when the device sends another', async () => {
    const person = await shared.person();
    const phone = await ready(person, { version: 141 });
    const Collection = [{ CollectionId: phone.inbox.id, SyncKey: phone.inbox.syncKey }];
    const first = phone.client.sync({ Wait: 10, Collections: { Collection } });
    await shared.untilHeld(1);
    const second = phone.client.sync({ Wait: 10, Collections: { Collection } });
    expect((await first).status).toBe(200);
    await shared.untilHeld(1);
    await person.mail('For the second');
    expect((await second).document?.Collections?.Collection[0]?.Commands).toHaveLength(1);
  });

  it('does not wait where the client brought something', async () => {
    const person = await shared.person();
    await person.mail('One');
    const phone = await ready(person, { version: 141 });
    const Commands = [change(firstId(phone.inbox), read('1'))];
    const Collection = [{ CollectionId: phone.inbox.id, SyncKey: phone.inbox.syncKey, Commands }];
    const { document } = await phone.client.sync({ Wait: 10, Collections: { Collection } });
    expect(document?.Collections?.Collection[0]).toMatchObject({ Status: 1 });
  });
});
