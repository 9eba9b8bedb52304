import { describe, expect, it } from 'vitest';
import { newId } from '../../lib/ops/ids.ts';
import { PASSWORD, VERSIONS } from './harness.ts';
import { LeapingClock, type Person, ready, sharedServer } from './shared.ts';

const clock = new LeapingClock();
const shared = sharedServer({}, { clock });

const basic = (login: string, encoding: 'utf8' | 'latin1' = 'utf8') =>
  `Basic ${Buffer.from(login, encoding).toString('base64')}`;

/** The HTTP status of OPTIONS with this Authorization header. */
async function knock(authorization: string | undefined): Promise<{ status: number; headers: Headers }> {
  const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
  const url = `${shared.running.url}/Microsoft-Server-ActiveSync`;
  const { status, headers: answered } = await fetch(url, { method: 'OPTIONS', headers });
  return { status, headers: answered };
}
const local = ({ address }: Person) => address.replace(/@.*/, '');

describe('a login', () => {
  it.each([
    ['an address', (person: Person) => person.address],
    ['an address in capitals', (person: Person) => person.address.toUpperCase()],
    ['a bare name', local],
    ['a Windows domain and a name', (person: Person) => `EXAMPLE\\${local(person)}`],
    ['a domain and a name', (person: Person) => `example.test\\${local(person)}`],
    ['an empty domain and a name', (person: Person) => `\\${local(person)}`],
  ])('may be %s', async (_, login) => {
    const person = await shared.person();
    expect((await knock(basic(`${login(person)}:${PASSWORD}`))).status).toBe(200);
    // And the User of the query may be what its owner typed.
    const phone = person.phone({ user: login(person) });
    expect((await phone.client.folderSync({ SyncKey: '0' })).document?.Status).toBe(1);
  });

  it.each([
    ['none at all', () => undefined],
    ['a wrong password', ({ address }: Person) => basic(`${address}:wrong`)],
    ['an empty password', ({ address }: Person) => basic(`${address}:`)],
    ['nobody', () => basic(`nobody${newId(0)}@example.test:${PASSWORD}`)],
    ['no colon', ({ address }: Person) => basic(address)],
    ['no base64', () => 'Basic %%%'],
    ['another scheme', () => 'Digest username="x"'],
    ['a token where none are taken', () => 'Bearer a.b.c'],
    ['far too much of it', () => basic(`x:${'y'.repeat(7000)}`)],
  ])('with %s is challenged [MS-ASHTTP R178 R523]', async (_, authorization) => {
    const person = await shared.person();
    const { status, headers } = await knock(authorization(person));
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(/^Basic realm="[^"]+"/);
    expect(headers.get('content-length')).toBe('0');
  });

  it.each(['utf8', 'latin1'] as const)('takes a password with umlauts in %s', async (encoding) => {
    const person = await shared.person();
    await shared.running.domain.accounts.setPassword(person.account.id, 'Grünkohl mit Würstchen');
    const { status } = await knock(basic(`${person.address}:Grünkohl mit Würstchen`, encoding));
    expect(status).toBe(200);
  });

  it('takes a password with a colon', async () => {
    const person = await shared.person();
    await shared.running.domain.accounts.setPassword(person.account.id, 'one:two:three:four');
    expect((await knock(basic(`${person.address}:one:two:three:four`))).status).toBe(200);
  });

  it('takes an app password until it is revoked', async () => {
    const person = await shared.person();
    const { accounts } = shared.running.domain;
    const { secret, id } = await accounts.addAppPassword(person.account.id, 'Phone');
    const phone = await ready(person, { password: secret });
    const ping = phone.ping([phone.inbox], 600);
    await shared.untilHeld(1);
    await accounts.revokeAppPassword(person.account.id, id);
    // The Ping that is held ends too: its device has to come back and log in.
    expect((await ping).document?.Status).toBe(7);
    expect((await phone.client.folderSync({ SyncKey: '0' })).status).toBe(401);
    expect((await knock(basic(`${person.address}:${PASSWORD}`))).status).toBe(200);
  });

  it('ends at once with a new password, also for a Ping that is held', async () => {
    const person = await shared.person();
    const phone = await ready(person);
    const ping = phone.ping([phone.inbox], 600);
    await shared.untilHeld(1);
    await shared.running.domain.accounts.setPassword(person.account.id, 'something quite different');
    expect((await ping).document?.Status).toBe(7);
    expect((await phone.ping([phone.inbox], 600)).status).toBe(401);
    expect((await knock(basic(`${person.address}:something quite different`))).status).toBe(200);
  });

  it.each(VERSIONS)('of an account that may not sync says so in version %i [MS-ASHTTP R180]', async (version) => {
    const person = await shared.person();
    const { accounts } = shared.running.domain;
    const phone = person.phone({ version });
    await phone.start();
    const answer = async () => {
      const { status, document } = await phone.client.folderSync({ SyncKey: '0' });
      return [status, document?.Status];
    };
    await accounts.update(person.account.id, { easEnabled: false });
    expect(await answer()).toEqual(version < 140 ? [403, undefined] : [200, 126]);
    await accounts.update(person.account.id, { easEnabled: true, enabled: false });
    expect(await answer()).toEqual(version < 140 ? [403, undefined] : [200, 131]);
    await accounts.update(person.account.id, { enabled: true });
    expect(await answer()).toEqual([200, 1]);
  });

  it('may be tried eight times, then the door is shut for a while, for the right password too', async () => {
    const person = await shared.person();
    const wrong = (count: number) => knock(basic(`${person.address}:guess ${count}`));
    for (let count = 0; count < 8; count++) expect((await wrong(count)).status).toBe(401);
    await wrong(8);
    const { status, headers } = await knock(basic(`${person.address}:${PASSWORD}`));
    expect(status).toBe(503);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    // Nobody else is kept out by it.
    const other = await shared.person();
    expect((await knock(basic(`${other.address}:${PASSWORD}`))).status).toBe(200);
    clock.leap(31 * 60_000);
    expect((await knock(basic(`${person.address}:${PASSWORD}`))).status).toBe(200);
  });

  it('an old password that a phone keeps sending locks nobody out', async () => {
    const person = await shared.person();
    for (let count = 0; count < 40; count++) await knock(basic(`${person.address}:the old password`));
    expect((await knock(basic(`${person.address}:${PASSWORD}`))).status).toBe(200);
  });

  it('is of the user that the query names, or of nobody', async () => {
    const person = await shared.person();
    const other = await shared.person();
    const phone = person.phone();
    const url = new URL('/Microsoft-Server-ActiveSync', shared.running.url);
    url.search = `Cmd=FolderSync&User=${other.address}&DeviceId=X1&DeviceType=T`;
    const { status } = await fetch(url, {
      method: 'POST',
      headers: { Authorization: basic(`${person.address}:${PASSWORD}`), 'MS-ASProtocolVersion': '12.1' },
    });
    expect(status).toBe(403);
    expect((await phone.client.folderSync({ SyncKey: '0' })).document?.Status).toBe(1);
  });
});

describe('a mailbox', () => {
  it("is nobody else's: ids of one account mean nothing in another", async () => {
    const [one, two] = [await shared.person(), await shared.person()];
    await one.mail('Secret');
    const phone = await ready(one);
    const thief = await ready(two);
    const [id] = [...phone.inbox.items.keys()];
    const { document } = await thief.client.sync({
      Collections: {
        Collection: [
          {
            SyncKey: thief.inbox.syncKey,
            CollectionId: thief.inbox.id,
            Commands: [{ tag: 'Fetch', value: { ServerId: id! } }],
          },
        ],
      },
    });
    expect(document?.Collections?.Collection[0]?.Responses).toMatchObject([{ value: { Status: 8 } }]);
    const stolen = { SyncKey: phone.inbox.syncKey, CollectionId: phone.inbox.id };
    const tried = await thief.client.sync({ Collections: { Collection: [stolen] } });
    expect(tried.document?.Collections?.Collection[0]).toMatchObject({ Status: 3 });
  });

  it('has its own state for each device, in whatever case the device writes its id', async () => {
    const person = await shared.person();
    await person.mail('One');
    const phone = await ready(person, { deviceId: 'ABCDEF01' });
    const same = person.phone({ deviceId: 'abcdef01' });
    same.hierarchyKey = phone.hierarchyKey;
    expect((await same.syncFolders()).Status).toBe(1);
    expect(await shared.running.domain.devices.list(person.account.id)).toHaveLength(1);
  });
});
