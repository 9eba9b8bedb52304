import { describe, expect, it } from 'vitest';
import { at, openWire, POCKET_PC, textAt, WINDOWS_MAIL, WINDOWS_PHONE, wbxml } from '../support/wire.ts';
import { LeapingClock, ready, sharedServer } from './shared.ts';

const clock = new LeapingClock();
const shared = sharedServer({}, { clock });
const FOLDER_SYNC = (key: string) => wbxml`00 07 56 52 ${key} 01 01`;
/** The folder of a type in an answer of FolderSync. */
const folderIn = (document: Parameters<typeof at>[0], type: string) =>
  textAt(
    at(document, 'Changes')!.children.find((one) => textAt(one, 'Type') === type),
    'ServerId',
  )!;

describe('Windows Mail', () => {
  /** From nothing: every document by its own bytes, under a DeviceId that is no text. */
  async function windowsMail() {
    const person = await shared.person();
    const wire = await openWire(shared.port, person, WINDOWS_MAIL);
    const folders = await wire.ask('FolderSync', FOLDER_SYNC('0'));
    const inbox = folderIn(folders.document, '2');
    const first = await wire.ask('Sync', wbxml`45 5C 4F 4B ${'0'} 01 52 ${inbox} 01 01 01 01`);
    const key = textAt(first.document, 'Collections', 'Collection', 'SyncKey')!;
    return { person, wire, inbox, key, headers: folders.headers };
  }
  const SYNC = (folder: string, key: string, heartbeat?: string) =>
    Buffer.concat([
      wbxml`45 5C 4F 4B ${key} 01 52 ${folder} 01 1E 13 55 ${'100'} 01`,
      wbxml`57 58 ${'5'} 01 62 ${'0'} 01 00 11 45 46 ${'2'} 01 47 ${'51200'} 01 01 00 00 01 01 01`.subarray(4),
      heartbeat === undefined ? Buffer.from([1]) : wbxml`69 ${heartbeat} 01 01`.subarray(4),
    ]);

  it('writes its query in base64, its id as sixteen bytes, and no policy key and no version beside it', async () => {
    const { person, wire, inbox, key } = await windowsMail();
    await person.mail('News');
    const { document } = await wire.ask('Sync', SYNC(inbox, key));
    const subject = textAt(document, 'Collections', 'Collection', 'Commands', 'Add', 'ApplicationData', 'Subject');
    expect(subject).toBe('News');
    const [device, ...others] = await shared.running.domain.devices.list(person.account.id);
    expect([device!.id.length > 0, others]).toEqual([true, []]);
  });

  it('says with Settings that its system is WINDOWS', async () => {
    const { person, wire } = await windowsMail();
    const settings = wbxml`00 12 45 56 48 57 ${'Surface'} 01 59 ${'DESKTOP-1'} 01 5A ${'WINDOWS'} 01 5B ${'en-us'} 01 01 01 01`;
    const { document } = await wire.ask('Settings', settings);
    expect([textAt(document, 'Status'), textAt(document, 'DeviceInformation', 'Status')]).toEqual(['1', '1']);
    const [device] = await shared.running.domain.devices.list(person.account.id);
    expect(device!.information?.os).toBe('WINDOWS');
  });

  it('waits by a Sync that hangs, and is answered with the message itself', async () => {
    const { person, wire, inbox, key } = await windowsMail();
    await wire.send('Sync', SYNC(inbox, key, '600'));
    await shared.untilHeld(1);
    await person.mail('News');
    const { document } = await wire.answer('Sync');
    expect(at(document, 'Collections', 'Collection', 'Commands')!.children).toHaveLength(1);
  });

  it('repeats such a Sync without a body, and the folder is remembered', async () => {
    const { person, wire, inbox, key } = await windowsMail();
    await person.mail('One');
    const first = await wire.ask('Sync', SYNC(inbox, key, '600'));
    const next = textAt(first.document, 'Collections', 'Collection', 'SyncKey')!;
    await wire.send('Sync', SYNC(inbox, next, '600'));
    await shared.untilHeld(1);
    await person.mail('Two');
    expect(at((await wire.answer('Sync')).document, 'Collections', 'Collection')).toBeDefined();
  });

  it('comes back at once after 503, whatever Retry-After says, and is told no more than that', async () => {
    const { person, wire, inbox, key } = await windowsMail();
    const [device] = await shared.running.domain.devices.list(person.account.id);
    const throttled = { reason: 'RecentCommands', until: clock.now() + 600_000 } as const;
    await shared.running.domain.devices.save(person.account.id, device!.id, { throttled });
    for (let n = 0; n < 5; n++) {
      const { status, headers } = await wire.ask('Sync', SYNC(inbox, key));
      expect([status, Number(headers['retry-after']) > 0]).toEqual([503, true]);
    }
    // To come early costs it nothing: the time was said once.
    clock.leap(600_000);
    expect((await wire.ask('Sync', SYNC(inbox, key))).status).toBe(200);
  });
});

describe('Windows Phone 8', () => {
  it('gets the preview that it asks for with every message, cut where it says', async () => {
    const person = await shared.person();
    const phone = await ready(person, WINDOWS_PHONE.options);
    const wire = await openWire(shared.port, person, WINDOWS_PHONE);
    for (const text of ['x'.repeat(1000), 'short']) await person.mail('Hello', text);
    const { document } = await wire.ask(
      'Sync',
      wbxml`45 5C 4F 4B ${phone.inbox.syncKey} 01 52 ${phone.inbox.id} 01 1E 13 55 ${'25'} 01 57 58 ${'5'} 01
        00 11 45 46 ${'2'} 01 47 ${'20000'} 01 58 ${'200'} 01 01 00 00 01 01 01 01`,
    );
    const adds = at(document, 'Collections', 'Collection', 'Commands')!.children;
    const previews = adds.map((add) => textAt(add, 'ApplicationData', 'Body', 'Preview'));
    expect(previews.toSorted()).toEqual(['short', 'x'.repeat(200)]);
  });
});

describe('Windows Mobile 6', () => {
  const SYNC = (folder: string, key: string) =>
    Buffer.concat([
      wbxml`45 5C 4F 50 ${'Email'} 01 4B ${key} 01 52 ${folder} 01`,
      key === '0' ? Buffer.alloc(0) : wbxml`1E 13 55 ${'1'} 01 57 58 ${'3'} 01 62 ${'0'} 01 01`.subarray(4),
      Buffer.from([1, 1, 1]),
    ]);

  async function pocketPc() {
    const person = await shared.person();
    // Its query has the short name that was typed.
    const wire = await openWire(shared.port, person, POCKET_PC);
    const folders = await wire.ask('FolderSync', FOLDER_SYNC('0'));
    const inbox = folderIn(folders.document, '2');
    const first = await wire.ask('Sync', SYNC(inbox, '0'));
    return { person, wire, inbox, key: textAt(first.document, 'Collections', 'Collection', 'SyncKey')! };
  }

  it('reads MoreAvailable after Status and before Commands, and not at another place', async () => {
    const { person, wire, inbox, key } = await pocketPc();
    for (const subject of ['One', 'Two', 'Three']) await person.mail(subject);
    const { document } = await wire.ask('Sync', SYNC(inbox, key));
    const tags = at(document, 'Collections', 'Collection')!.children.map(({ tag }) => tag);
    expect(tags).toEqual(['Class', 'SyncKey', 'CollectionId', 'Status', 'MoreAvailable', 'Commands']);
  });

  it('is told by 449 that it needs a policy, and goes on when it has one', async () => {
    const { person, wire } = await pocketPc();
    await shared.running.domain.policies.save('ppc', { settings: { DevicePasswordEnabled: true } });
    await shared.running.domain.accounts.update(person.account.id, { policy: 'ppc' });
    const refused = await wire.ask('FolderSync', FOLDER_SYNC('0'));
    expect([refused.status, refused.body.length]).toEqual([449, 0]);
    const type = 'MS-EAS-Provisioning-WBXML';
    const first = await wire.ask('Provision', wbxml`00 0E 45 46 47 48 ${type} 01 01 01 01`);
    const temporary = textAt(first.document, 'Policies', 'Policy', 'PolicyKey')!;
    const agree = wbxml`00 0E 45 46 47 48 ${type} 01 49 ${temporary} 01 4B ${'1'} 01 01 01 01`;
    const second = await wire.ask('Provision', agree, { 'X-MS-PolicyKey': temporary });
    const final = textAt(second.document, 'Policies', 'Policy', 'PolicyKey')!;
    expect((await wire.ask('FolderSync', FOLDER_SYNC('0'), { 'X-MS-PolicyKey': final })).status).toBe(200);
  });

  it('sends Ping for each of its folders on one connection, the last of which counts', async () => {
    const { person, wire, inbox } = await pocketPc();
    const ping = (id: string) => wbxml`00 0D 45 48 ${'900'} 01 49 4A 4B ${id} 01 4C ${'Email'} 01 01 01 01`;
    await wire.send('Ping', ping(inbox));
    await shared.untilHeld(1);
    const second = await openWire(shared.port, person, POCKET_PC);
    await second.send('Ping', ping(inbox));
    expect(textAt((await wire.answer('Ping')).document, 'Status')).toBe('1');
    await shared.untilHeld(1);
    await person.mail('News');
    expect(textAt((await second.answer('Ping')).document, 'Status')).toBe('2');
  });
});
