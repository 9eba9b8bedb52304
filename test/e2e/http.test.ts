import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FolderSyncRequest, FolderSyncResponse } from '../../lib/documents/folder-sync.ts';
import { commandCode } from '../../lib/protocol/command-codes.ts';
import { type ProtocolVersion, versionName } from '../../lib/protocol/versions.ts';
import { decode, encode } from '../../lib/wbxml/index.ts';
import { type RawAnswer, RawClient, rawRequest } from '../support/raw-http.ts';
import { PASSWORD, since, VERSIONS } from './harness.ts';
import { bytesOf, el, type Person, ready, sharedServer } from './shared.ts';

const shared = sharedServer();
const PATH = '/Microsoft-Server-ActiveSync';
const WBXML = 'application/vnd.ms-sync.wbxml';
const login = ({ address }: Person) => `Basic ${Buffer.from(`${address}:${PASSWORD}`).toString('base64')}`;

const query = ({ address }: Person, command = 'FolderSync') =>
  `Cmd=${command}&User=${encodeURIComponent(address)}&DeviceId=DEV1&DeviceType=SP`;
const fields = (person: Person, version: ProtocolVersion = 161) => ({
  Authorization: login(person),
  'MS-ASProtocolVersion': versionName(version),
  'X-MS-PolicyKey': '0',
  'Content-Type': WBXML,
});
const folderSync = (version: ProtocolVersion = 161) => encode(FolderSyncRequest, { SyncKey: '0' }, version);
const isFirst = ({ body }: RawAnswer, version: ProtocolVersion = 161) =>
  decode(FolderSyncResponse, body, version).Status === 1;

/** One exchange of exactly these bytes. */
async function send(...pieces: readonly (Uint8Array | string)[]): Promise<RawAnswer | undefined> {
  const client = await RawClient.open(shared.port);
  for (const piece of pieces) await client.write(piece);
  const answer = await client.answer();
  client.close();
  return answer;
}
const post = (target: string, body: Uint8Array | string, more: Readonly<Record<string, string>>) =>
  send(rawRequest(target, body, more));

describe('OPTIONS', () => {
  it('says which versions and commands there are, and every one of them is there [MS-ASHTTP R240 R241 R261]', async () => {
    const person = await shared.person();
    const { headers, status, body } = (await send(rawRequest(PATH, '', { Authorization: login(person) }, 'OPTIONS')))!;
    expect(status).toBe(200);
    expect(body).toHaveLength(0);
    expect(headers['ms-asprotocolversions']).toBe('2.5,12.0,12.1,14.0,14.1,16.0,16.1');
    const commands = headers['ms-asprotocolcommands']!.split(',');
    expect(commands).toEqual(expect.arrayContaining(['Sync', 'FolderSync', 'Ping', 'Provision', 'MoveItems']));
    for (const command of commands) {
      // One version at least has it: GetAttachment ends with 12.1, Find begins with 16.1.
      const answers = [121, 161].map((version) =>
        post(`${PATH}?${query(person, command)}`, '', fields(person, version as ProtocolVersion)),
      );
      const statuses = (await Promise.all(answers)).map((answer) => answer?.status);
      expect(
        statuses.every((status) => status === 501),
        command,
      ).toBe(false);
    }
  });
});

describe('a request', () => {
  it.each(since(121))(
    'in plain text and in base64 comes to the same, version %i [MS-ASHTTP R170 R172 R201 R218 R521 R522] [MS-ASWBXML R1 R6 R8]',
    async (version) => {
      const person = await shared.person();
      const plain = await post(`${PATH}?${query(person)}`, folderSync(version), fields(person, version));
      const bytes = Buffer.from([
        version,
        commandCode('FolderSync')!,
        9,
        4,
        4,
        ...Buffer.from('DEV1'),
        0,
        2,
        0x53,
        0x50,
      ]);
      const { Authorization, 'Content-Type': type } = fields(person);
      const packed = await post(`${PATH}?${bytes.toString('base64')}`, folderSync(version), {
        Authorization,
        'Content-Type': type,
      });
      for (const answer of [plain!, packed!]) {
        expect(answer).toMatchObject({ status: 200, reason: 'OK' });
        expect(answer.headers['content-type']).toBe(WBXML);
        expect(answer.headers['content-length']).toMatch(/^\d+$/);
        expect(Number(answer.headers['content-length'])).toBe(answer.body.length);
        expect(answer.body.subarray(0, 4)).toEqual(Buffer.of(3, 1, 0x6a, 0));
        expect(isFirst(answer, version)).toBe(true);
      }
      expect(await shared.running.domain.devices.list(person.account.id)).toHaveLength(1);
    },
  );

  it('in base64 may have 16 raw bytes for a DeviceId, a policy key and every parameter', async () => {
    const person = await shared.person();
    const sized = (bytes: Uint8Array) => [bytes.length, ...bytes];
    const text = (value: string) => sized(Buffer.from(value));
    const guid = Uint8Array.from({ length: 16 }, (_, place) => 0xf0 - place);
    const key = Buffer.alloc(4);
    key.writeUInt32LE(3_000_000_000);
    const bytes = Buffer.from([
      ...[141, commandCode('FolderSync')!, 0x07, 0x04, ...sized(guid), ...sized(key), ...text('WP8')],
      ...[0, ...text('att'), 1, ...text('5'), 3, ...text('5:1'), 4, ...text('long'), 6, ...text('occ')],
      ...[7, 1, 3, 8, ...text(person.address), 99, ...text('of a later version')],
    ]);
    const more = { Authorization: login(person), 'Content-Type': WBXML };
    expect(isFirst((await post(`${PATH}?${bytes.toString('base64')}`, folderSync(141), more))!, 141)).toBe(true);
    const [device] = await shared.running.domain.devices.list(person.account.id);
    expect(device).toMatchObject({ id: Buffer.from(guid).toString('hex'), type: 'WP8', version: 141 });
    // Cut short anywhere, it is refused, and never more than that.
    for (let length = 0; length < bytes.length; length++) {
      const cut = await post(`${PATH}?${bytes.subarray(0, length).toString('base64')}`, folderSync(141), more);
      expect([200, 400, 403], `${length} bytes`).toContain(cut?.status);
    }
  });

  it.each([
    ['no path of ours', '/elsewhere', {}, 404],
    ['no command', `${PATH}?User=x&DeviceId=D&DeviceType=T`, {}, 400],
    ['no query', PATH, {}, 400],
    ['no version', undefined, { 'MS-ASProtocolVersion': '' }, 400],
    ['a version that there is not', undefined, { 'MS-ASProtocolVersion': '99.9' }, 400],
    ['a version that is not spoken', undefined, { 'MS-ASProtocolVersion': '2.0' }, 400],
    ['no login', undefined, { Authorization: '' }, 401],
    ['a coding that is none', undefined, { 'Content-Encoding': 'br' }, 415],
    ['a base64 query of nothing', `${PATH}?AAAA`, {}, 400],
    ['a base64 query of an old version', `${PATH}?GQkJBARERVYxAAJTUA==`, {}, 400],
  ] as const)('with %s has HTTP status [MS-ASHTTP R441] %s %j -> %i', async (_, target, more, status) => {
    const person = await shared.person();
    const answer = await post(target ?? `${PATH}?${query(person)}`, folderSync(), { ...fields(person), ...more });
    expect(answer?.status).toBe(status);
    expect(answer?.headers['content-type']).toBeUndefined();
  });

  it.each([
    ['GET', 405],
    ['PUT', 405],
    ['DELETE', 405],
    ['PROPFIND', 501],
  ])('of method %s has HTTP status %i', async (method, status) => {
    const person = await shared.person();
    const answer = await send(rawRequest(`${PATH}?${query(person)}`, '', fields(person), method));
    expect(answer?.status).toBe(status);
  });

  it.each(VERSIONS)('that cannot be understood is told so in version %i', async (version) => {
    const person = await shared.person();
    const bad: readonly (readonly [string, Uint8Array | string, Record<string, string>, number])[] = [
      ['no WBXML', 'hello', {}, 102],
      ['nothing', '', {}, 101],
      ['XML', '<FolderSync/>', { 'Content-Type': 'text/xml' }, 101],
      ['another document', bytesOf(el('Ping', 'Ping')), {}, 103],
    ];
    for (const [what, body, more, status] of bad) {
      const answer = await post(`${PATH}?${query(person)}`, body, { ...fields(person, version), ...more });
      if (version < 140) expect(answer?.status, what).toBe(400);
      else expect(decode(FolderSyncResponse, answer!.body, version).Status, what).toBe(status);
    }
    const unknown = await post(`${PATH}?${query(person, 'ReadMinds')}`, folderSync(version), fields(person, version));
    expect(unknown?.status).toBe(501);
    const noDevice = `${PATH}?Cmd=FolderSync&User=${person.address}&DeviceId=a/b&DeviceType=T`;
    const nameless = await post(noDevice, folderSync(version), fields(person, version));
    if (version < 140) expect(nameless?.status).toBe(400);
    else expect(decode(FolderSyncResponse, nameless!.body, version).Status).toBe(108);
  });
});

describe('a body', () => {
  it('may be packed, and the answer is where the client takes it so', async () => {
    const person = await shared.person();
    for (let count = 0; count < 30; count++) await person.mail(`Mail ${count}`, 'Words and words. '.repeat(50));
    const phone = await ready(person, { gzip: true });
    expect(phone.inbox.items.size).toBe(30);
    const { headers } = await phone.client.folderSync({ SyncKey: '0' });
    expect(headers['content-encoding']).toBeUndefined();
    const broken = await post(`${PATH}?${query(person)}`, 'no gzip', { ...fields(person), 'Content-Encoding': 'gzip' });
    expect(broken?.status).toBe(400);
  });

  it('that swells when it is unpacked is refused', async () => {
    const person = await shared.person();
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    const answer = await post(`${PATH}?${query(person)}`, bomb, { ...fields(person), 'Content-Encoding': 'gzip' });
    expect(answer?.status).toBe(413);
  });

  it('may wait for 100 Continue', async () => {
    const person = await shared.person();
    const client = await RawClient.open(shared.port);
    const whole = rawRequest(`${PATH}?${query(person)}`, folderSync(), { ...fields(person), Expect: '100-continue' });
    const head = whole.indexOf('\r\n\r\n') + 4;
    await client.write(whole.subarray(0, head));
    expect((await client.answer())?.status).toBe(100);
    await client.write(whole.subarray(head));
    expect(isFirst((await client.answer())!)).toBe(true);
    client.close();
  });

  it('may come in chunks, or byte by byte', async () => {
    const person = await shared.person();
    const body = Buffer.from(folderSync());
    const head = Object.entries({ ...fields(person), Host: 'x', 'Transfer-Encoding': 'chunked' });
    const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const chunks = [...body].map((byte) => Buffer.concat([Buffer.from('1\r\n'), Buffer.of(byte), Buffer.from('\r\n')]));
    const start = `POST ${PATH}?${query(person)} HTTP/1.1\r\n${lines}\r\n`;
    expect(isFirst((await send(start, ...chunks, '0\r\n\r\n'))!)).toBe(true);
    const whole = rawRequest(`${PATH}?${query(person)}`, body, fields(person));
    expect(isFirst((await send(...[...whole].map((byte) => Buffer.of(byte))))!)).toBe(true);
  });

  it('larger than any mail is refused by its length, before it is sent', async () => {
    const person = await shared.person();
    const more = { ...fields(person), 'Content-Length': '99999999999' };
    const answer = await send(rawRequest(`${PATH}?${query(person)}`, '', more));
    expect(answer?.status).toBe(413);
  });

  it("of another length than it says is nobody else's request", async () => {
    const [person, other] = [await shared.person(), await shared.person()];
    // The rest of a body that is longer than it says is the beginning of garbage, not of a request.
    const body = Buffer.from(folderSync());
    const client = await RawClient.open(shared.port);
    await client.write(rawRequest(`${PATH}?${query(person)}`, body, { ...fields(person), 'Content-Length': '4' }));
    expect([200, 400]).toContain((await client.answer())?.status);
    expect([400, undefined]).toContain((await client.answer())?.status);
    client.close();
    const good = await post(`${PATH}?${query(other)}`, folderSync(), fields(other));
    expect(isFirst(good!)).toBe(true);
  });

  it('with two lengths, or a length and chunks, is refused', async () => {
    const person = await shared.person();
    const base = Object.entries({ ...fields(person), Host: 'x' }).map(([name, value]) => `${name}: ${value}\r\n`);
    for (const lies of [
      'Content-Length: 4\r\nContent-Length: 5\r\n',
      'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n',
      'Content-Length: -1\r\n',
      'Content-Length: 4x\r\n',
    ]) {
      const answer = await send(`POST ${PATH}?${query(person)} HTTP/1.1\r\n${base.join('')}${lies}\r\nabcd`);
      expect(answer?.status, lies).toBe(400);
    }
  });

  it('nested without end is refused', async () => {
    const person = await shared.person();
    const deep = Buffer.concat([Buffer.of(3, 1, 0x6a, 0, 0, 7), Buffer.alloc(100_000, 0x56)]);
    const answer = await post(`${PATH}?${query(person)}`, deep, fields(person));
    expect([101, 102]).toContain(decode(FolderSyncResponse, answer!.body, 161).Status);
  });
});

describe('a connection', () => {
  it('carries requests one after the other, also when they are sent ahead', async () => {
    const person = await shared.person();
    const client = await RawClient.open(shared.port);
    const one = rawRequest(`${PATH}?${query(person)}`, folderSync(), fields(person));
    await client.write(Buffer.concat([one, one, one]));
    for (let count = 0; count < 3; count++) expect(isFirst((await client.answer())!)).toBe(true);
    await client.write(one);
    expect(isFirst((await client.answer())!)).toBe(true);
    client.close();
  });

  it('that is cut in the middle of a request harms nobody', async () => {
    const person = await shared.person();
    const whole = rawRequest(`${PATH}?${query(person)}`, folderSync(), fields(person));
    for (const length of [1, 20, whole.length - 8, whole.length - 1]) {
      const client = await RawClient.open(shared.port);
      await client.write(whole.subarray(0, length));
      client.close();
    }
    expect(isFirst((await send(whole))!)).toBe(true);
  });

  it('may be encrypted [MS-ASHTTP R401 R518]', async () => {
    const { Shared } = await import('./shared.ts');
    const secure = new Shared();
    await secure.start({ tls: true }, {});
    const person = await secure.person();
    const { httpsUrl, ca, url } = secure.running;
    const phone = person.phone({ url: httpsUrl!, ca });
    expect((await phone.client.folderSync({ SyncKey: '0' })).document?.Status).toBe(1);
    expect((await person.phone({ url }).client.folderSync({ SyncKey: '0' })).document?.Status).toBe(1);
    await secure.stop();
  });
});
