import { describe, expect, it } from 'vitest';
import { PingResponse } from '../../lib/documents/ping.ts';
import { decode } from '../../lib/wbxml/index.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { VERSIONS } from './harness.ts';
import { bytesOf, el, ready, sharedServer, untilAnswered } from './shared.ts';

const clock = new FakeClock();
const shared = sharedServer({}, { clock });

const folder = (Id: string) => ({ Id, Class: 'Email' });
const markRead = (ServerId: string) =>
  ({
    tag: 'Change',
    value: { ServerId, ApplicationData: el('AirSync', 'ApplicationData', [el('Email', 'Read', '1')]) },
  }) as const;

const whileTimePasses = <T>(answer: Promise<T>, stepMs?: number) => untilAnswered(clock, answer, stepMs);

/** Additions that follow an answer closely are merged for a moment, so a little time has to pass. */
const answered = async (answer: Promise<{ readonly document?: PingResponse }>) =>
  (await whileTimePasses(answer, 100)).document;

describe('Ping', () => {
  it.each(VERSIONS)('has status 1 when the heartbeat ends, and not before, version %i', async (version) => {
    const phone = await ready(await shared.person(), { version });
    const begun = clock.now();
    const ping = phone.ping([phone.inbox], 60);
    await shared.untilHeld(1);
    expect((await whileTimePasses(ping)).document).toEqual({ Status: 1 });
    expect(clock.now() - begun).toBeGreaterThanOrEqual(60_000);
    expect(clock.now() - begun).toBeLessThan(65_000);
  });

  it.each(VERSIONS)('has status 2 and the folders that changed, version %i [MS-ASHTTP R504]', async (version) => {
    const person = await shared.person();
    const phone = await ready(person, { version });
    await phone.drain(phone.folder(4));
    const ping = phone.ping([phone.folder(4), phone.inbox], 600);
    await shared.untilHeld(1);
    await person.mail('News');
    expect(await answered(ping)).toEqual({ Status: 2, Folders: { Folder: [phone.inbox.id] } });
    // As long as nobody fetches it, it is news.
    expect((await answered(phone.ping([phone.inbox], 600)))?.Status).toBe(2);
  });

  it.each([
    ['nothing was ever sent', undefined, { Status: 3 }],
    ['no heartbeat', { Folders: { Folder: [folder('1')] } }, { Status: 3 }],
    ['no folders', { HeartbeatInterval: 600 }, { Status: 3 }],
    ['a folder without class', { HeartbeatInterval: 600, Folders: { Folder: [{ Id: '1' }] } }, { Status: 4 }],
    ['a folder twice', { HeartbeatInterval: 600, Folders: { Folder: [folder('1'), folder('1')] } }, { Status: 4 }],
    ['a heartbeat below the bounds', { HeartbeatInterval: 59 }, { Status: 5, HeartbeatInterval: 60 }],
    ['a heartbeat above the bounds', { HeartbeatInterval: 3541 }, { Status: 5, HeartbeatInterval: 3540 }],
    ['a heartbeat of nothing', { HeartbeatInterval: 0 }, { Status: 5, HeartbeatInterval: 60 }],
    ['a negative heartbeat', { HeartbeatInterval: -1 }, { Status: 5, HeartbeatInterval: 60 }],
  ] as const)('is answered at once where there is %s', async (what, request, answer) => {
    const phone = await ready(await shared.person());
    const full = what.startsWith('a ') && what.includes('heartbeat');
    const value = full ? { Folders: { Folder: [folder(phone.inbox.id)] }, ...request } : request;
    expect((await phone.client.ping(value as Parameters<typeof phone.client.ping>[0])).document).toEqual(answer);
    expect(shared.running.holder.held).toBe(0);
  });

  it('knows how many folders it watches, and says so with 6', async () => {
    const phone = await ready(await shared.person());
    const Folder = Array.from({ length: 301 }, (_, count) => folder(`${count}`));
    const { document } = await phone.client.ping({ HeartbeatInterval: 600, Folders: { Folder } });
    expect(document).toEqual({ Status: 6, MaxFolders: 300 });
  });

  it.each([
    ['bytes that are no WBXML', Uint8Array.of(1, 2, 3, 4)],
    ['another document', bytesOf(el('AirSync', 'Sync'))],
    ['a heartbeat that is no number', bytesOf(el('Ping', 'Ping', [el('Ping', 'HeartbeatInterval', 'soon')]))],
  ])('has status 4 for %s', async (_, body) => {
    const phone = await ready(await shared.person());
    const answer = await phone.client.raw('Ping', body);
    expect(answer.status).toBe(200);
    expect(decode(PingResponse, answer.body, 161)).toEqual({ Status: 4 });
  });

  it.each(VERSIONS)('has status 7 when folders change, version %i', async (version) => {
    const person = await shared.person();
    const phone = await ready(person, { version });
    const ping = phone.ping([phone.inbox], 600);
    await shared.untilHeld(1);
    const mailbox = shared.running.domain.mailboxes.open(person.account.id);
    const { folders } = await mailbox.tree();
    const parent = folders.find(({ type }) => type === 2)!.id;
    await mailbox.createFolder({ id: 'new' as typeof parent, name: 'New', parent, type: 12 }, {});
    expect(await answered(ping)).toEqual({ Status: 7 });
    await phone.syncFolders();
    const quiet = phone.ping([phone.inbox], 60);
    await shared.untilHeld(1);
    expect((await whileTimePasses(quiet)).document).toEqual({ Status: 1 });
  });

  it('remembers heartbeat and folders: each may be left out, or both', async () => {
    const person = await shared.person();
    const phone = await ready(person);
    const Folders = { Folder: [folder(phone.inbox.id)] };
    for (const value of [{ HeartbeatInterval: 600, Folders }, { HeartbeatInterval: 700 }, { Folders }, undefined, {}]) {
      const ping = phone.client.ping(value);
      await shared.untilHeld(1);
      await person.mail('News');
      expect(await answered(ping)).toEqual({ Status: 2, Folders: { Folder: [phone.inbox.id] } });
      expect((await phone.drain(phone.inbox)).added).toHaveLength(1);
      // Says that it has it.
      await phone.sync(phone.inbox);
    }
    const begun = clock.now();
    const last = phone.client.ping();
    await shared.untilHeld(1);
    expect((await whileTimePasses(last, 10_000)).document).toEqual({ Status: 1 });
    expect(clock.now() - begun).toBeGreaterThanOrEqual(700_000);
  });

  it('ends the one before of the same device, and no other', async () => {
    const person = await shared.person();
    const phone = await ready(person);
    const other = await ready(person, { deviceId: 'SECOND01' });
    const first = phone.ping([phone.inbox], 600);
    const bystander = other.ping([other.inbox], 600);
    await shared.untilHeld(2);
    const second = phone.ping([phone.inbox], 600);
    expect(await answered(first)).toEqual({ Status: 1 });
    await shared.untilHeld(2);
    await person.mail('For both');
    expect((await answered(second))?.Status).toBe(2);
    expect((await answered(bystander))?.Status).toBe(2);
  });

  it('is not woken by what another device read, but says so at the end', async () => {
    const person = await shared.person();
    await person.mail('Old');
    const phone = await ready(person);
    const other = await ready(person, { deviceId: 'SECOND01' });
    const ping = phone.ping([phone.inbox], 60);
    await shared.untilHeld(1);
    await other.sync(other.inbox, { Commands: [markRead([...other.inbox.items.keys()][0]!)] });
    await clock.advance(1000);
    expect(shared.running.holder.held).toBe(1);
    expect((await whileTimePasses(ping)).document).toEqual({ Status: 2, Folders: { Folder: [phone.inbox.id] } });
  });

  it('is not woken by what the device did itself', async () => {
    const person = await shared.person();
    await person.mail('Mine');
    const phone = await ready(person);
    await phone.sync(phone.inbox, { Commands: [markRead([...phone.inbox.items.keys()][0]!)] });
    await phone.drain(phone.inbox);
    const ping = phone.ping([phone.inbox], 60);
    await shared.untilHeld(1);
    expect((await whileTimePasses(ping)).document).toEqual({ Status: 1 });
  });

  it('changes no key', async () => {
    const person = await shared.person();
    const phone = await ready(person);
    const before = phone.inbox.syncKey;
    await person.mail('News');
    await answered(phone.ping([phone.inbox], 600));
    expect((await phone.sync(phone.inbox)).added).toHaveLength(1);
    expect(before).not.toBe(phone.inbox.syncKey);
  });

  it('lets go of a device that went away', async () => {
    const phone = await ready(await shared.person());
    const gone = new AbortController();
    const ping = phone.ping([phone.inbox], 600, gone.signal);
    await shared.untilHeld(1);
    gone.abort();
    await expect(ping).rejects.toThrow();
    await shared.untilHeld(0);
  });

  it('answers whoever waits when the server goes down for a new one', async () => {
    const clock2 = new FakeClock();
    const { Shared } = await import('./shared.ts');
    const going = new Shared();
    await going.start({}, { clock: clock2 });
    const phone = await ready(await going.person());
    const ping = phone.ping([phone.inbox], 600);
    await going.untilHeld(1);
    const drained = going.running.drain(1000);
    await clock2.advance(2000);
    expect((await ping).document).toEqual({ Status: 1 });
    await drained;
    await going.stop();
  });
});
