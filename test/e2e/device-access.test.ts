/** Which devices are let in, as phones see it. */
import { describe, expect, it } from 'vitest';
import type { DeviceId } from '../../lib/ops/ids.ts';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import type { Phone } from '../support/client/phone.ts';
import { VERSIONS } from './harness.ts';
import { LeapingClock, type Person, ready, sharedServer, subjects } from './shared.ts';

const clock = new LeapingClock();
const limits = { maxDevices: 3, sameCommands: 5, throttleMinutes: 10, agentChanges: 2 };
const shared = sharedServer(limits, { clock });

/** Status of the answer, or HTTP's where the version has no such status. */
async function folderSync({ client }: Phone): Promise<number> {
  const { status, document } = await client.folderSync({ SyncKey: '0' });
  return status === 200 ? document!.Status : status;
}
const onlyFor = ({ account }: Person) => ({ kind: 'account', account: account.id }) as const;
const refusedAs = (version: ProtocolVersion) => (version < 140 ? 403 : 129);
const control = () => shared.running.domain.access;
const deviceOf = (phone: Phone) => phone.client.options.deviceId.toLowerCase() as DeviceId;

/** A phone that has what its owner was told. */
const notices = async (person: Person) => {
  const other = person.phone({ deviceId: 'READER', deviceType: 'Reader' });
  await other.start();
  await other.drain(other.inbox);
  return subjects(other.inbox);
};

describe('a blocked device', () => {
  it.each(VERSIONS)('may do nothing, version %i [MS-ASCMD R4876] [MS-ASHTTP R180]', async (version) => {
    const person = await shared.person();
    await control().add({ action: 'block', match: { type: 'DirectPush*' } }, onlyFor(person));
    const phone = person.phone({ version });
    expect(await folderSync(phone)).toBe(refusedAs(version));
    const { status, document } = await phone.client.ping({
      HeartbeatInterval: 60,
      Folders: { Folder: [{ Id: 'inbox', Class: 'Email' }] },
    });
    expect(status === 200 ? document?.Status : status).toBe(refusedAs(version));
    expect((await phone.client.discover()).status).toBe(200);
  });

  it('has its user told once, and is let in by hand', async () => {
    const person = await shared.person();
    const phone = person.phone();
    await control().add({ action: 'block', match: { type: 'DirectPush*' } }, onlyFor(person));
    for (let count = 0; count < 3; count++) expect(await folderSync(phone)).toBe(129);
    expect(await notices(person)).toEqual(['A device was refused']);
    await shared.running.domain.devices.decide(person.account.id, deviceOf(phone), 'allow');
    expect(await folderSync(phone)).toBe(1);
  });

  it('that waits in a Ping is woken when it is shut out', async () => {
    const person = await shared.person();
    const phone = await ready(person);
    const held = shared.running.holder.held;
    const ping = phone.ping([phone.inbox], 600);
    await shared.untilHeld(held + 1);
    await control().add({ action: 'block', match: { userAgent: 'DirectPush-*' } }, onlyFor(person));
    expect((await ping).document?.Status).toBe(7);
    expect(await folderSync(phone)).toBe(129);
  });
});

describe('a device in quarantine', () => {
  // 2.5 provisions by text, which the response schemas do not know.
  it.each(VERSIONS.filter((version) => version >= 120))(
    'is set up and reads nothing until it is approved, version %i',
    async (version) => {
      const person = await shared.person();
      await person.mail('Secret');
      await control().setDefault(onlyFor(person), 'quarantine');
      const phone = person.phone({ version });
      await phone.start();
      expect(phone.inbox.name).toBe('Inbox');
      const { status, document } = await phone.client.sync({
        Collections: { Collection: [{ SyncKey: '0', CollectionId: phone.inbox.id }] },
      });
      expect(status === 200 ? document?.Status : status).toBe(refusedAs(version));
      await shared.running.domain.devices.decide(person.account.id, deviceOf(phone), 'allow');
      await phone.drain(phone.inbox);
      expect([...subjects(phone.inbox)].sort()).toEqual(['A device waits for approval', 'Secret']);
    },
  );

  it('leaves it by what it tells of itself', async () => {
    const person = await shared.person();
    await control().add({ action: 'quarantine', match: { model: '-' } }, onlyFor(person));
    const phone = person.phone({ version: 161 });
    expect(await folderSync(phone)).toBe(1);
    expect((await phone.client.sync({ Collections: { Collection: [] } })).document?.Status).toBe(129);
    // Tells its model.
    await phone.start();
    expect((await phone.drain(phone.inbox)).status).toBe(1);
  });
});

describe('devices of one account', () => {
  it('are as many as the server allows; a further one gets 177, those that are known go on [MS-ASCMD R4980]', async () => {
    const person = await shared.person();
    const phones = ['ONE', 'TWO', 'THREE'].map((deviceId) => person.phone({ deviceId }));
    for (const phone of phones) expect(await folderSync(phone)).toBe(1);
    expect(await folderSync(person.phone({ deviceId: 'FOUR' }))).toBe(177);
    expect(await folderSync(person.phone({ deviceId: 'FOUR', version: 121 }))).toBe(403);
    expect(await folderSync(phones[0]!)).toBe(1);
    await shared.running.domain.devices.remove(person.account.id, 'one' as DeviceId);
    expect(await folderSync(person.phone({ deviceId: 'FOUR' }))).toBe(1);
  });

  it('are no more than that when six come at once', async () => {
    const person = await shared.person();
    const phones = ['A', 'B', 'C', 'D', 'E', 'F'].map((deviceId) => person.phone({ deviceId }));
    const statuses = await Promise.all(phones.map(folderSync));
    expect(statuses.filter((status) => status === 1)).toHaveLength(3);
    expect(statuses.filter((status) => status === 177)).toHaveLength(3);
    expect(await shared.running.domain.devices.list(person.account.id)).toHaveLength(3);
  });
});

describe('a device that behaves badly', () => {
  it('waits half a minute after the same request once too often, and longer the next time [MS-ASHTTP R273 R287]', async () => {
    const person = await shared.person();
    const phone = person.phone();
    for (let count = 0; count < 5; count++) expect(await folderSync(phone)).toBe(1);
    const { status, headers, body } = await phone.client.folderSync({ SyncKey: '0' });
    expect(status).toBe(503);
    expect(headers['x-ms-asthrottle']).toBe('RecentCommands');
    expect(headers['retry-after']).toBe('30');
    expect(body).toHaveLength(0);
    // Whatever it asks: it is the device that waits, and no other of the account.
    const ping = await phone.client.ping({
      HeartbeatInterval: 60,
      Folders: { Folder: [{ Id: 'inbox', Class: 'Email' }] },
    });
    expect(ping.status).toBe(503);
    expect(await folderSync(person.phone({ deviceId: 'OTHER' }))).toBe(1);
    for (const wait of [30, 60, 120]) {
      clock.leap(wait * 1000 - 10_000);
      expect(await folderSync(phone)).toBe(503);
      clock.leap(10_000);
      for (let count = 0; count < 5; count++) expect(await folderSync(phone)).toBe(1);
      expect((await phone.client.folderSync({ SyncKey: '0' })).headers['retry-after']).toBe(`${wait * 2}`);
    }
  });

  it('may send meanwhile', async () => {
    const person = await shared.person();
    const phone = person.phone();
    while ((await folderSync(phone)) === 1);
    const mime = Buffer.from(`To: ${person.address}\r\nSubject: Out\r\n\r\nIt goes.\r\n`);
    const sent = await phone.client.compose('SendMail', { mime, save: true });
    expect([sent.status, sent.body.length]).toEqual([200, 0]);
    expect(await folderSync(phone)).toBe(503);
  });

  it('and calls itself something else all the time waits for 14 hours [MS-ASHTTP R416 R417 R418 R420]', async () => {
    const person = await shared.person();
    const as = (agent: number) => folderSync(person.phone({ userAgent: `Agent/${agent}` }));
    for (const agent of [1, 2, 3]) expect(await as(agent)).toBe(1);
    expect(await as(4)).toBe(503);
    const { headers } = await person.phone({ userAgent: 'Agent/4' }).client.folderSync({ SyncKey: '0' });
    expect(headers['x-ms-asthrottle']).toBe('UserAgentChanges');
    clock.leap(13 * 3_600_000);
    expect(await as(4)).toBe(503);
    clock.leap(3_600_001);
    expect(await as(4)).toBe(1);
  });
});

describe('an account', () => {
  const update = (person: Person, change: Parameters<typeof shared.running.domain.accounts.update>[1]) =>
    shared.running.domain.accounts.update(person.account.id, change);

  it.each(VERSIONS)(
    'whose mailbox is elsewhere is sent there, version %i [MS-ASHTTP R183 R442 R207 R224 R285]',
    async (version) => {
      const person = await shared.person();
      const phone = person.phone({ version });
      await update(person, { home: 'https://west.example.test' });
      const there = 'https://west.example.test/Microsoft-Server-ActiveSync';
      const answers = [await phone.client.discover(), await phone.client.folderSync({ SyncKey: '0' })];
      for (const { status, headers } of answers) {
        expect(status).toBe(451);
        expect(headers['x-ms-location']).toBe(there);
      }
      await update(person, { home: null });
      expect(await folderSync(phone)).toBe(1);
    },
  );

  it('whose mailbox is elsewhere gets no mail here: nobody would read it', async () => {
    const [person, other] = [await shared.person(), await shared.person()];
    await update(person, { home: 'https://west.example.test' });
    const raw = `To: ${person.address}\r\nSubject: For the other server\r\n\r\nHello\r\n`;
    await expect(shared.smtp(person.address, raw)).rejects.toMatchObject({
      response: '550 5.1.6 The mailbox has moved to another server',
    });
    // Whoever is here reaches it by the relay, where there is one.
    const phone = await ready(other);
    expect((await phone.client.compose('SendMail', { mime: Buffer.from(raw) })).document?.Status).toBe(120);
    await update(person, { home: null });
    await shared.smtp(person.address, raw);
    expect(subjects((await ready(person)).inbox)).toEqual(['For the other server']);
  });

  it('that is blocked is told so, and still gets its mail [MS-ASHTTP R608]', async () => {
    const person = await shared.person();
    const phone = await ready(person);
    await update(person, { blocked: true });
    expect(await folderSync(phone)).toBe(456);
    await person.mail('Meanwhile');
    await update(person, { blocked: false });
    await phone.drain(phone.inbox);
    expect(subjects(phone.inbox)).toEqual(['Meanwhile']);
  });

  it('whose password expires is told when, and then is let in no more [MS-ASHTTP R705 R809 R1101]', async () => {
    const person = await shared.person();
    const phone = person.phone();
    const told = async () => (await phone.client.folderSync({ SyncKey: '0' })).headers['x-ms-credentials-expire'];
    expect(await told()).toBeUndefined();
    await update(person, { passwordExpires: clock.now() + 3.5 * 86_400_000 });
    expect(await told()).toBe('3');
    clock.leap(4 * 86_400_000);
    expect(await folderSync(phone)).toBe(401);
    // An app password is another credential.
    const { secret } = await shared.running.domain.accounts.addAppPassword(person.account.id, 'phone');
    expect(await folderSync(person.phone({ password: secret }))).toBe(1);
  });

  it.each(['http://west.example.test', 'west.example.test', 'https://ann:pw@west.example.test', 'ftp://x.test'])(
    'cannot be at %s',
    async (home) => {
      const person = await shared.person();
      await expect(update(person, { home })).rejects.toThrow('https');
    },
  );
});
