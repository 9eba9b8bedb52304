import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpFailure } from '../../../lib/http/failure.ts';
import { parseQuery } from '../../../lib/http/query.ts';
import { commandCode, commandName } from '../../../lib/protocol/command-codes.ts';

interface Parts {
  version?: number;
  code?: number;
  locale?: number;
  device?: Uint8Array | string;
  key?: Uint8Array;
  type?: string;
  parameters?: readonly (readonly [tag: number, value: Uint8Array | string])[];
}

const bytesOf = (value: Uint8Array | string) => (typeof value === 'string' ? Buffer.from(value) : value);
const counted = (value: Uint8Array | string) => [bytesOf(value).length, ...bytesOf(value)];

function base64Query(parts: Parts): Buffer {
  const locale = parts.locale ?? 0x0409;
  return Buffer.from([
    parts.version ?? 141,
    parts.code ?? 0,
    locale & 0xff,
    locale >> 8,
    ...counted(parts.device ?? 'device1'),
    ...counted(parts.key ?? new Uint8Array()),
    ...counted(parts.type ?? 'SmartPhone'),
    ...(parts.parameters ?? []).flatMap(([tag, value]) => [tag, ...counted(value)]),
  ]);
}
const parse = (parts: Parts) => parseQuery(base64Query(parts).toString('base64'));

describe('a base64 query', () => {
  it('reads the example of the specification', () => {
    expect(parseQuery('jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l')).toEqual({
      command: 'Sync',
      deviceId: 'v140Device',
      deviceType: 'SmartPhone',
      version: 140,
      policyKey: undefined,
      locale: 0x0409,
      encoding: 'base64',
      saveInSent: false,
      acceptMultiPart: false,
    });
  });

  const commands: [number, string][] = [
    [0, 'Sync'],
    [1, 'SendMail'],
    [2, 'SmartForward'],
    [3, 'SmartReply'],
    [4, 'GetAttachment'],
    [5, 'GetHierarchy'],
    [9, 'FolderSync'],
    [10, 'FolderCreate'],
    [11, 'FolderDelete'],
    [12, 'FolderUpdate'],
    [13, 'MoveItems'],
    [14, 'GetItemEstimate'],
    [15, 'MeetingResponse'],
    [16, 'Search'],
    [17, 'Settings'],
    [18, 'Ping'],
    [19, 'ItemOperations'],
    [20, 'Provision'],
    [21, 'ResolveRecipients'],
    [22, 'ValidateCert'],
    [23, 'Find'],
  ];
  it.each(commands)('names the command of code %i %s', (code, name) => {
    expect(parse({ code }).command).toBe(name);
    expect(commandName(code)).toBe(name);
    expect(commandCode(name)).toBe(code);
  });

  it.each([6, 8, 24, 255])('gives code %i no command that could be registered', (code) => {
    expect(commandCode(parse({ code }).command)).toBeUndefined();
  });

  it.each([25, 120, 121, 140, 141, 160, 161] as const)('reads version byte %i', (version) => {
    expect(parse({ version }).version).toBe(version);
  });

  it.each([0, 10, 24, 122, 142, 162, 255])('refuses version byte %i', (version) => {
    expect(() => parse({ version })).toThrow(HttpFailure);
  });

  it('takes 16 raw bytes of a DeviceId as 32 hex digits, as the same phone writes it in a plain query', () => {
    const raw = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
    expect(parse({ device: raw }).deviceId).toBe('00112233445566778899aabbccddeeff');
  });

  it('takes 16 characters of text as text', () => {
    expect(parse({ device: 'ApplDMPQ1234567-' }).deviceId).toBe('ApplDMPQ1234567-');
  });

  it('takes a DeviceId of 32 characters and an empty one as sent', () => {
    expect(parse({ device: 'A'.repeat(32) }).deviceId).toBe('A'.repeat(32));
    expect(parse({ device: '' }).deviceId).toBe('');
  });

  it('reads the policy key little-endian and unsigned, or none', () => {
    expect(parse({ key: Buffer.from([0x78, 0x56, 0x34, 0xf2]) }).policyKey).toBe(String(0xf2345678));
    expect(parse({ key: Buffer.alloc(4) }).policyKey).toBe('0');
    expect(parse({}).policyKey).toBeUndefined();
  });

  it.each([1, 2, 3, 5, 255])('refuses a policy key of %i bytes', (length) => {
    expect(() => parse({ key: Buffer.alloc(length) })).toThrow(HttpFailure);
  });

  it('reads the locale little-endian', () => {
    expect(parse({ locale: 0x0407 }).locale).toBe(0x0407);
    expect(parse({ locale: 0xfffe }).locale).toBe(0xfffe);
  });

  it('reads every parameter and skips unknown ones [MS-ASHTTP R486]', () => {
    const query = parse({
      code: 2,
      parameters: [
        [0, 'attach.txt'],
        [1, '5'],
        [200, 'later'],
        [3, '5:7'],
        [4, 'long'],
        [6, '20260101'],
        [7, Buffer.from([1])],
        [8, 'müller@example.com'],
      ],
    });
    expect(query).toMatchObject({
      attachmentName: 'attach.txt',
      collectionId: '5',
      itemId: '5:7',
      longId: 'long',
      occurrence: '20260101',
      user: 'müller@example.com',
      saveInSent: true,
      acceptMultiPart: false,
    });
    expect(parse({ parameters: [[7, Buffer.from([2])]] })).toMatchObject({ saveInSent: false, acceptMultiPart: true });
    expect(parse({ parameters: [[7, Buffer.from([3])]] })).toMatchObject({ saveInSent: true, acceptMultiPart: true });
    expect(parse({ parameters: [[7, '']] })).toMatchObject({ saveInSent: false, acceptMultiPart: false });
  });

  it('reads the same from base64 and base64url, padded, unpadded or percent-encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 17, maxLength: 20 }), (device) => {
        const bytes = base64Query({ device: Buffer.from(device).toString('hex'), parameters: [[250, device]] });
        const padded = bytes.toString('base64');
        const expected = parseQuery(padded);
        expect(parseQuery(padded.replace(/=+$/, ''))).toEqual(expected);
        expect(parseQuery(bytes.toString('base64url'))).toEqual(expected);
        expect(parseQuery(encodeURIComponent(padded))).toEqual(expected);
      }),
    );
  });

  it('gives back any fields that were written', () => {
    const text = fc.stringMatching(/^[A-Za-z0-9]{1,40}$/);
    fc.assert(
      fc.property(text, text, text, fc.nat(0xffffffff), (device, type, collection, key) => {
        const bytes = Buffer.alloc(4);
        bytes.writeUInt32LE(key);
        expect(parse({ device, type, key: bytes, parameters: [[1, collection]] })).toMatchObject({
          deviceId: device,
          deviceType: type,
          collectionId: collection,
          policyKey: String(key),
        });
      }),
    );
  });

  it('refuses every beginning of a query', () => {
    const bytes = base64Query({ key: Buffer.alloc(4), parameters: [[1, 'inbox']] });
    const withoutParameters = bytes.length - 7;
    for (let length = 1; length < bytes.length; length++) {
      if (length === withoutParameters) continue;
      expect(() => parseQuery(bytes.subarray(0, length).toString('base64')), `${length} bytes`).toThrow(HttpFailure);
    }
  });

  it('refuses control characters in text', () => {
    expect(() => parse({ type: 'a\0b' })).toThrow(HttpFailure);
    expect(() => parse({ parameters: [[8, 'a\nb']] })).toThrow(HttpFailure);
  });
});

describe('a plain query', () => {
  it('reads what the specification names', () => {
    expect(parseQuery('Cmd=Sync&User=rmjones%40contoso.com&DeviceId=v140Device&DeviceType=SmartPhone')).toEqual({
      command: 'Sync',
      user: 'rmjones@contoso.com',
      deviceId: 'v140Device',
      deviceType: 'SmartPhone',
      encoding: 'plain',
      saveInSent: false,
    });
  });

  it('reads the parameters of commands', () => {
    const base =
      'Cmd=SmartReply&DeviceId=a&DeviceType=b&AttachmentName=f&CollectionId=5&ItemId=5%3a7&LongId=l&Occurrence=o';
    expect(parseQuery(`${base}&SaveInSent=T`)).toMatchObject({
      attachmentName: 'f',
      collectionId: '5',
      itemId: '5:7',
      longId: 'l',
      occurrence: 'o',
      saveInSent: true,
    });
    expect(parseQuery(`${base}&SaveInSent=F`).saveInSent).toBe(false);
  });

  it('does not save in Sent Items unless told to [MS-ASHTTP R122]', () => {
    expect(parseQuery('Cmd=SendMail&DeviceId=a&DeviceType=b').saveInSent).toBe(false);
  });

  const users: [string, string][] = [
    ['DOMAIN%5Cuser', 'DOMAIN\\user'],
    ['DOMAIN\\user', 'DOMAIN\\user'],
    ['name+tag@host', 'name+tag@host'],
    ['name%2Btag@host', 'name+tag@host'],
    ['m%C3%BCller', 'müller'],
    ['m%FCller', 'müller'],
    ['100%', '100%'],
  ];
  it.each(users)('reads the user %s as %s', (sent, user) => {
    expect(parseQuery(`Cmd=Sync&User=${sent}`).user).toBe(user);
  });

  it('takes names in any case, and the first of a repeated one', () => {
    expect(parseQuery('CMD=Sync&deviceid=a&DEVICETYPE=b&DeviceId=c')).toMatchObject({
      command: 'Sync',
      deviceId: 'a',
      deviceType: 'b',
    });
  });

  it('leaves missing parameters empty, so that the version decides what they mean', () => {
    expect(parseQuery('Cmd=Sync')).toMatchObject({ deviceId: '', deviceType: '', user: undefined });
    expect(parseQuery('')).toMatchObject({ command: '', encoding: 'plain' });
  });

  it.each(['Cmd=Sync%00', 'User=a%0Ab', 'DeviceId=%7f'])('refuses the control character of %s', (query) => {
    expect(() => parseQuery(query)).toThrow(HttpFailure);
  });
});

describe('a hostile query', () => {
  it('is a query or an HttpFailure, whatever it is', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from([141, 0, 9, 4, ...bytes]).toString('base64')),
      fc
        .array(fc.tuple(fc.constantFrom('Cmd', 'User', 'DeviceId'), fc.string()))
        .map((pairs) => pairs.map((pair) => pair.join('=')).join('&')),
    );
    fc.assert(
      fc.property(anything, (raw) => {
        try {
          const query = parseQuery(raw);
          expect(typeof query.command).toBe('string');
          expect(typeof query.deviceId).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(HttpFailure);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('is refused when it is longer than any client writes', () => {
    expect(() => parseQuery(`Cmd=Sync&User=${'a'.repeat(5000)}`)).toThrow(expect.objectContaining({ status: 414 }));
  });
});
