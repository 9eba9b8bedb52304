import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AlbEvent, fromAlb, RESULT_BYTES, toAlb } from '../../../lib/http/alb.ts';
import { LANE_COOKIE_SET } from '../../../lib/http/lane.ts';
import { parseQuery } from '../../../lib/http/query.ts';
import type { EasResponse } from '../../../lib/http/types.ts';
import { albEvent } from '../../cloud/support/alb-event.ts';

/** As a load balancer with multi-value headers sends it. */
const RECORDED: AlbEvent = {
  httpMethod: 'POST',
  path: '/Microsoft-Server-ActiveSync',
  multiValueQueryStringParameters: {
    Cmd: ['Sync'],
    User: ['kim%40example.test'],
    DeviceId: ['ApplDNPN2XYZ'],
    DeviceType: ['iPhone'],
  },
  multiValueHeaders: {
    accept: ['*/*'],
    authorization: ['Basic a2ltOnNlY3JldA=='],
    'content-length': ['13'],
    'content-type': ['application/vnd.ms-sync.wbxml'],
    cookie: ['a=1', 'DirectPushLane=task'],
    host: ['mail.example.test'],
    'ms-asprotocolversion': ['16.1'],
    'user-agent': ['Apple-iPhone15C2/2104.123'],
    'x-amzn-trace-id': ['Root=1-5bdb40ca-556d8b0c50dc66f0511bf520'],
    'x-forwarded-for': ['203.0.113.9, 198.51.100.7'],
    'x-forwarded-port': ['443'],
    'x-forwarded-proto': ['https'],
  },
  body: 'AwFqAEVcTwMwAAEB',
  isBase64Encoded: true,
};

const request = (target: string, body = Buffer.alloc(0)) =>
  ({ method: 'POST', target, headers: { host: 'mail.example.test' }, body }) as const;

describe('a request from a load balancer', () => {
  it('is what a socket would have given', () => {
    const { body, ...rest } = fromAlb(RECORDED);
    expect(rest).toEqual({
      method: 'POST',
      path: '/Microsoft-Server-ActiveSync',
      query: 'Cmd=Sync&User=kim%40example.test&DeviceId=ApplDNPN2XYZ&DeviceType=iPhone',
      headers: expect.objectContaining({
        cookie: 'a=1; DirectPushLane=task',
        'content-type': 'application/vnd.ms-sync.wbxml',
      }),
      // The last entry is the one that the load balancer itself wrote.
      source: '198.51.100.7',
      origin: 'https://mail.example.test',
    });
    expect(Buffer.from(body as Uint8Array).toString('hex')).toBe('03016a00455c4f033000' + '0101');
  });

  it('is the same without multi-value headers', () => {
    const { multiValueHeaders = {}, multiValueQueryStringParameters = {}, ...rest } = RECORDED;
    const single = (many: object) =>
      Object.fromEntries(Object.entries(many).map(([name, values]) => [name, values.at(-1)]));
    const one = fromAlb({
      ...rest,
      headers: { ...single(multiValueHeaders), cookie: 'a=1; DirectPushLane=task' },
      queryStringParameters: single(multiValueQueryStringParameters),
    });
    expect(one).toEqual(fromAlb(RECORDED));
  });

  it.each([
    ['no body', { body: '', isBase64Encoded: false }, ''],
    ['a null body', { body: null }, ''],
    ['text', { body: '<Autodiscover>ł</Autodiscover>', isBase64Encoded: false }, '<Autodiscover>ł</Autodiscover>'],
  ])('has %s', (_, over, expected) => {
    expect(Buffer.from(fromAlb({ ...RECORDED, ...over }).body as Uint8Array).toString()).toBe(expected);
  });

  it('lowers header names and joins repeated ones', () => {
    const { headers } = fromAlb({
      ...RECORDED,
      multiValueHeaders: { 'X-One': ['a', 'b'], 'x-one': ['c'], Accept: [] },
    });
    expect(headers).toEqual({ 'x-one': 'a, b, c', accept: '' });
  });

  it.each([
    'jRIJBBBnVpZAAAAAAAC1dpbmRvd3NNYWls',
    'jRIJBBBnVpZAAAAAAAC1dpbmRvd3NNYWlsMA==',
    'jRIJBBBnVpZAAAAAAAC1dpbmRvd3NNYWlsMDAxM=',
    'jRIJBBBn/VpZ+AAAAAC1dpbmRvd3NNYWls',
    'jRIJBBBn_VpZ-AAAAAC1dpbmRvd3NNYWls',
    'jRIJBBBn%2FVpZ%2BAAAAAAC1dpbmRvd3NNYWls%3D%3D',
    'Cmd=Ping&DeviceId=x&DeviceType=y&User=',
    'Cmd=Sync&User=CORP%5Ckim&DeviceId=1&DeviceType=WP&a=b=c==',
    'Cmd=',
    'User=name+tag@example.test&Cmd=Sync',
    '',
  ])('has its query byte for byte: %s', (query) => {
    expect(fromAlb(albEvent(request(`/Microsoft-Server-ActiveSync?${query}`))).query).toBe(query);
  });

  it('has every padded base64 query byte for byte, and every unpadded one as the same bytes (property)', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 80 }),
        fc.constantFrom('base64' as const, 'base64url' as const),
        (bytes, form) => {
          const query = Buffer.from(bytes).toString(form);
          const got = fromAlb(albEvent(request(`/Microsoft-Server-ActiveSync?${query}`))).query;
          if (form === 'base64') expect(got).toBe(query);
          expect(Buffer.from(got, 'base64')).toEqual(Buffer.from(bytes));
        },
      ),
    );
  });

  it('is read as the same command in either form', () => {
    // 14.1 Ping, locale 1033, device of 16 bytes, no policy key, type SP (MS-ASHTTP 2.2.1.1.1.1).
    const bytes = Buffer.concat([
      Buffer.from([141, 18, 9, 4, 16]),
      Buffer.alloc(16, 7),
      Buffer.from([0, 2]),
      Buffer.from('SP'),
    ]);
    const { query } = fromAlb(albEvent(request(`/Microsoft-Server-ActiveSync?${bytes.toString('base64')}`)));
    expect(parseQuery(query)).toMatchObject({ command: 'Ping', deviceType: 'SP', encoding: 'base64', version: 141 });
  });
});

const ok = (body: EasResponse['body'], headers: Record<string, string> = {}): EasResponse => ({
  status: 200,
  headers,
  body,
});

describe('an answer to a load balancer', () => {
  it('has its bytes in base64 and its headers as lists, without those of the connection', async () => {
    const body = Buffer.from([3, 1, 0x6a, 0, 0xff]);
    const headers = {
      'Content-Type': 'application/vnd.ms-sync.wbxml',
      'Content-Length': '5',
      Connection: 'close',
      'MS-Server-ActiveSync': '16.1',
    };
    expect(await toAlb(RECORDED, ok(body, headers))).toEqual({
      tooLarge: false,
      result: {
        statusCode: 200,
        statusDescription: '200 OK',
        multiValueHeaders: { 'Content-Type': ['application/vnd.ms-sync.wbxml'], 'MS-Server-ActiveSync': ['16.1'] },
        body: body.toString('base64'),
        isBase64Encoded: true,
      },
    });
  });

  it('has plain headers where the request had them', async () => {
    const { result } = await toAlb({ httpMethod: 'POST', path: '/', headers: {} }, ok(Buffer.alloc(0), { A: 'b' }));
    expect(result).toMatchObject({ headers: { A: 'b' }, body: '', isBase64Encoded: false });
    expect(result.multiValueHeaders).toBeUndefined();
  });

  it('names the statuses that only this protocol uses', async () => {
    const { result } = await toAlb(RECORDED, { ...ok(Buffer.alloc(0)), status: 449 });
    expect(result.statusDescription).toBe('449 Retry With');
  });

  it('is a streamed one gathered', async () => {
    async function* parts() {
      yield Buffer.from('he');
      yield Buffer.from('llo');
    }
    const { result } = await toAlb(RECORDED, ok(parts()));
    expect(Buffer.from(result.body, 'base64').toString()).toBe('hello');
  });

  const sizes: readonly (readonly [string, number, boolean])[] = [
    ['700,000 bytes', 700_000, false],
    ['what just fits', 749_600, false],
    ['what does not', 750_000, true],
    ['ten megabytes', 10_000_000, true],
  ];
  it.each(sizes)('of %s', async (_, size, large) => {
    async function* parts() {
      for (let left = size; left > 0; left -= 65_536) yield new Uint8Array(Math.min(left, 65_536));
    }
    for (const body of [new Uint8Array(size), parts()]) {
      const { result, tooLarge } = await toAlb(RECORDED, ok(body, { 'Content-Type': 'x/y' }));
      expect(tooLarge).toBe(large);
      expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThanOrEqual(RESULT_BYTES);
      expect(result.statusCode).toBe(large ? 503 : 200);
      if (large) {
        expect(result.multiValueHeaders).toMatchObject({ 'Set-Cookie': [LANE_COOKIE_SET], 'Retry-After': ['1'] });
      }
    }
  });
});
