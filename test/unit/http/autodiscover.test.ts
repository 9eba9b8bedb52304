import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { createAutodiscover, isAutodiscover, withAutodiscover } from '../../../lib/http/autodiscover.ts';
import { answerXml, errorXml, readRequest, redirectXml, troubleXml } from '../../../lib/http/autodiscover-xml.ts';
import type { EasRequest, EasResponse } from '../../../lib/http/types.ts';
import type { Elsewhere } from '../../../lib/identity/domains.ts';
import type { Account, Authenticator, AuthResult } from '../../../lib/identity/types.ts';
import { xsdAvailable, xsdFolder } from '../../support/xsd.ts';

const SCHEMA = 'http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006';
const account = {
  id: 'm1',
  address: 'kim@example.test',
  aliases: ['k@example.test'],
  name: 'Kim & <Co>',
  enabled: true,
  easEnabled: true,
} as unknown as Account;

const body = (address = 'kim@example.test', schema = SCHEMA, requests = 1) =>
  `<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006">${`
  <Request>
    <EMailAddress>${address}</EMailAddress>
    <AcceptableResponseSchema>${schema}</AcceptableResponseSchema>
  </Request>`.repeat(requests)}
</Autodiscover>`;

function server(
  result: AuthResult = { ok: true, account },
  origin?: string,
  elsewhere: Readonly<Record<string, Elsewhere | Error>> = {},
) {
  const asked: Parameters<Authenticator['authenticate']>[0][] = [];
  const authenticator: Authenticator = {
    authenticate: async (input) => {
      asked.push(input);
      return result;
    },
  };
  const handler = createAutodiscover({
    authenticator,
    directory: {
      byAddress: async (address) =>
        ({ 'kim@example.test': account, 'far@example.test': { ...account, home: 'https://far.test' } })[address],
    },
    domains: {
      async redirect(domain) {
        const found = elsewhere[domain];
        if (found instanceof Error) throw found;
        return found;
      },
    },
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    origin,
  });
  return {
    asked,
    async ask(given: Partial<EasRequest> & { readonly text?: string }): Promise<EasResponse & { text: string }> {
      const request: EasRequest = {
        method: 'POST',
        path: '/autodiscover/autodiscover.xml',
        query: '',
        headers: { authorization: 'Basic x', 'content-type': 'text/xml' },
        source: '192.0.2.1',
        origin: 'https://mail.example.test',
        body: Buffer.from(given.text ?? ''),
        ...given,
      };
      const response = (await handler(request, new AbortController().signal)) as EasResponse;
      return { ...response, text: Buffer.from(response.body as Uint8Array).toString() };
    },
  };
}

const KIM = { name: 'Kim', address: 'kim@example.test' };
const URL = 'https://mail.example.test/Microsoft-Server-ActiveSync';

describe('the XML form', () => {
  it('[MS-ASCMD R3482 R3484 R5823 R8 R41] names the server in Url and Name for MobileSync, in XML', async () => {
    const { status, headers, text } = await server().ask({ text: body() });
    expect(status).toBe(200);
    expect(headers['Content-Type']).toMatch(/^text\/xml/);
    expect(text).toContain(`<Type>MobileSync</Type><Url>${URL}</Url><Name>${URL}</Name>`);
    expect(text).toContain('<Culture>en:us</Culture>');
    expect(text).toContain('<DisplayName>Kim &amp; &lt;Co&gt;</DisplayName>');
  });

  it('[MS-ASCMD R2228] answers for a secondary address with the primary one', async () => {
    const { text } = await server().ask({ text: body('K@Example.test') });
    expect(text).toContain('<EMailAddress>kim@example.test</EMailAddress>');
  });

  it('names the configured host, not the one that the client asked', async () => {
    const { text } = await server(undefined, 'https://eas.example.com').ask({ text: body() });
    expect(text).toContain('<Url>https://eas.example.com/Microsoft-Server-ActiveSync</Url>');
  });

  it.each(['text/xml', 'text/html', 'text/xml; charset=utf-8', undefined])(
    '[MS-ASCMD R5123 R5718] takes the Content-Type %s',
    async (type) => {
      const { text } = await server().ask({ text: body(), headers: { 'content-type': type } });
      expect(text).toContain(URL);
    },
  );

  const errors: readonly (readonly [string, string, number])[] = [
    ['[MS-ASCMD R3799 R2287] two requests', body('kim@example.test', SCHEMA, 2), 600],
    ['nothing', '', 600],
    ['no XML', 'Request', 600],
    ['[MS-ASCMD R703] no schema', body().replace(/<Acceptable.*Schema>/, ''), 600],
    ['[MS-ASCMD R2225] no address', body().replace(/<EMail.*Address>/, ''), 600],
    ['a type declaration', `<!DOCTYPE a [<!ENTITY x "kim@example.test">]>${body('&x;')}`, 600],
    [
      '[MS-ASCMD R2286 R2288] the schema of desktop Outlook',
      body('kim@example.test', 'http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a'),
      601,
    ],
    ["somebody else's address", body('alex@example.test'), 500],
  ];
  it.each(errors)('answers %s with an error', async (_, text, code) => {
    const response = await server().ask({ text });
    expect(response.status).toBe(200);
    expect(response.text).toContain(`<ErrorCode>${code}</ErrorCode>`);
    expect(response.text).toContain('Time="03:04:05.0060000"');
    expect(response.text).not.toContain('kim@example.test');
  });

  it('[MS-ASCMD R3818 R4001] puts errors of the frame into Error, without a Status', () => {
    expect(errorXml(600, 0)).toMatch(/<Response><Error [^>]*><ErrorCode>600/);
    expect(errorXml(601, 0)).not.toContain('Status');
    expect(answerXml({ name: 'n', address: 'a@b.c' }, URL)).not.toContain('Status');
  });

  it('answers a GET, which has no request in it, as an invalid one', async () => {
    expect((await server().ask({ method: 'GET' })).text).toContain('<ErrorCode>600</ErrorCode>');
  });

  it.each([
    ['missing', 401],
    ['invalid', 401],
    ['unavailable', 503],
    ['disabled', 403],
    ['not-enabled', 403],
  ] as const)('tells whose login is %s nothing: %i', async (reason, status) => {
    const { ask, asked } = server({ ok: false, reason, account } as AuthResult);
    const response = await ask({ text: body() });
    expect(response).toMatchObject({ status, text: '' });
    expect(response.headers['WWW-Authenticate'] !== undefined).toBe(status === 401);
    expect(asked).toEqual([{ authorization: 'Basic x', source: '192.0.2.1', signal: expect.any(AbortSignal) }]);
  });

  it('tells a locked client how long to wait', async () => {
    const { ask } = server({ ok: false, reason: 'locked', retryAfterS: 1.2 });
    expect(await ask({ text: body() })).toMatchObject({ status: 503, headers: { 'Retry-After': '2' } });
  });

  it('refuses a long body and other methods', async () => {
    expect((await server().ask({ text: body('k'.repeat(20_000)) })).status).toBe(413);
    expect((await server().ask({ method: 'PUT' })).status).toBe(405);
  });

  it('makes well-formed XML of any name, and reads any text without an error (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(answerXml({ name: `n${text}`, address: 'a@b.c' }, URL)).toMatch(/<DisplayName>[^<>]*<\/DisplayName>/);
        readRequest(text);
        expect(readRequest(body(text.replace(/[<>&]/g, '')))).toBeDefined();
      }),
    );
  });

  it.runIf(xsdAvailable)("[MS-ASCMD R806 R1084 R2225] is valid by Microsoft's schemas", async () => {
    const read = (name: string) => readFileSync(path.join(xsdFolder, name), 'utf8').trim();
    const [frame, mobile] = [read('AutodiscoverResponse.xsd'), read('AutodiscoverMobileSync.xsd')];
    const schema = frame.replace(
      '<xs:element name="Autodiscover">',
      `<xs:import namespace="${SCHEMA}" schemaLocation="mobile.xsd"/><xs:element name="Autodiscover">`,
    );
    const { errors } = await validateXML({
      xml: [answerXml(KIM, URL), redirectXml(KIM, 'k@b.c'), troubleXml(KIM), errorXml(600, 0)].map((contents, n) => ({
        fileName: `${n}.xml`,
        contents,
      })),
      schema: [{ fileName: 'frame.xsd', contents: schema }],
      preload: [{ fileName: 'mobile.xsd', contents: mobile }],
    });
    expect(errors).toEqual([]);
  });
});

describe('somebody who is elsewhere', () => {
  const far: Elsewhere = { kind: 'server', origin: 'https://far.test' };
  const moved: Elsewhere = { kind: 'address', domain: 'new.test' };

  it.each([
    ['https://far.test', 'https://far.test/Microsoft-Server-ActiveSync'],
    ['https://far.test/eas/active', 'https://far.test/eas/active'],
  ])('by himself, at %s, is told where', async (home, url) => {
    const there = { ...account, home };
    for (const result of [{ ok: true, account: there } as const, { ok: false, reason: 'elsewhere', account: there }]) {
      const { status, text } = await server(result as AuthResult).ask({ text: body() });
      expect(status).toBe(200);
      expect(text).toContain(`<Url>${url}</Url><Name>${url}</Name>`);
    }
  });

  it('with his domain on another server is sent to its Autodiscover', async () => {
    const { ask } = server(undefined, undefined, { 'example.test': far });
    const response = await ask({ text: body() });
    expect(response).toMatchObject({
      status: 302,
      headers: { Location: 'https://far.test/autodiscover/autodiscover.xml' },
    });
  });

  it('under another domain is told his address there [MS-ASCMD R2439 R2440]', async () => {
    const { ask } = server(undefined, undefined, { 'example.test': moved });
    const { status, text } = await ask({ text: body() });
    expect(status).toBe(200);
    expect(text).toContain('<Action><Redirect>kim@new.test</Redirect></Action>');
    expect(text).not.toContain('<Settings>');
  });

  it('is told that nobody knows where, when the directory does not answer [MS-ASCMD R3998]', async () => {
    const { ask } = server(undefined, undefined, { 'example.test': new Error('away') });
    const { status, text } = await ask({ text: body() });
    expect(status).toBe(200);
    expect(text).toMatch(/<Action><Error><Status>2<\/Status><Message>[^<]+<\/Message><DebugData>/);
  });

  it.each(['GET', 'POST'])('is sent on by the name alone that he asked, before any login: %s', async (method) => {
    for (const host of ['autodiscover.example.test', 'example.test']) {
      const { ask, asked } = server(undefined, undefined, { 'example.test': far });
      const response = await ask({ method, origin: `http://${host}`, headers: {} });
      expect([response.status, response.headers.Location]).toEqual([
        302,
        'https://far.test/autodiscover/autodiscover.xml',
      ]);
      expect(asked).toEqual([]);
    }
  });

  it('asks plain HTTP with a GET for the way, and is sent to https; a login goes no such way', async () => {
    const { ask, asked } = server({ ok: false, reason: 'missing' }, 'https://mail.example.test');
    const plain = { origin: 'http://autodiscover.example.test', headers: {} };
    const probe = await ask({ method: 'GET', ...plain });
    expect([probe.status, probe.headers.Location, asked.length]).toEqual([
      302,
      'https://mail.example.test/autodiscover/autodiscover.xml',
      0,
    ]);
    expect((await ask({ method: 'POST', ...plain, text: body() })).status).toBe(401);
    expect((await ask({ method: 'GET', headers: {} })).status).toBe(401);
  });

  it.each([
    [
      'kim@example.test',
      far,
      'https://far.test/autodiscover/autodiscover.json?Email=kim%40example.test&Protocol=ActiveSync&RedirectCount=3',
    ],
    [
      'kim@example.test',
      moved,
      'https://autodiscover.new.test/autodiscover/autodiscover.json?Email=kim%40new.test&Protocol=ActiveSync&RedirectCount=3',
    ],
  ])('asks in JSON: %s', async (address, elsewhere, location) => {
    const { ask } = server(undefined, undefined, { 'example.test': elsewhere });
    const query = `Email=${encodeURIComponent(address)}&Protocol=ActiveSync&RedirectCount=2`;
    const where = '/autodiscover/autodiscover.json';
    const response = await ask({ method: 'GET', path: where, query });
    expect([response.status, response.headers.Location]).toEqual([302, location]);
    const inPath = await ask({ method: 'GET', path: `${where}/v1.0/${address}`, query: 'Protocol=ActiveSync' });
    expect(inPath.status).toBe(302);
    // Two servers that send each other everybody end here.
    expect((await ask({ method: 'GET', path: where, query: query.replace(/2$/, '10') })).status).toBe(200);
  });

  it('asks in JSON by himself', async () => {
    const ask = async (query: string, elsewhere = {}) =>
      await server(undefined, undefined, elsewhere).ask({
        method: 'GET',
        path: '/autodiscover/autodiscover.json',
        query,
      });
    const { text } = await ask('Email=far@example.test&Protocol=ActiveSync');
    expect(JSON.parse(text).Url).toBe('https://far.test/Microsoft-Server-ActiveSync');
    const trouble = await ask('Email=far@example.test&Protocol=ActiveSync', { 'example.test': new Error('away') });
    expect([trouble.status, trouble.headers['Retry-After']]).toEqual([503, '30']);
  });
});

describe('the JSON form', () => {
  it.each([
    ['/autodiscover/autodiscover.json', 'Email=kim%40example.test&Protocol=ActiveSync&RedirectCount=1'],
    ['/autodiscover/autodiscover.json', 'protocol=activesync'],
    ['/Autodiscover/Autodiscover.json/v1.0/kim@example.test', 'Protocol=ActiveSync'],
  ])('names the server, without a login: %s?%s', async (where, query) => {
    const { ask, asked } = server();
    const { status, text, headers } = await ask({ method: 'GET', path: where, query });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({ Protocol: 'ActiveSync', Url: URL });
    expect(headers['Content-Type']).toMatch(/^application\/json/);
    expect(asked).toEqual([]);
  });

  it.each([
    ['Protocol=AutodiscoverV1', 200, 'https://mail.example.test/autodiscover/autodiscover.xml'],
    ['Protocol=EWS', 400, 'ProtocolNotSupported'],
    ['', 400, 'MandatoryParameterMissing'],
  ])('answers %s with %i', async (query, status, text) => {
    const response = await server().ask({ method: 'GET', path: '/autodiscover/autodiscover.json', query });
    expect(response.status).toBe(status);
    expect(response.text).toContain(text);
  });
});

describe('beside the commands', () => {
  it.each([
    ['/autodiscover/autodiscover.xml', true],
    ['/AutoDiscover/AutoDiscover.XML', true],
    ['/autodiscover/autodiscover.json/v1.0/a@b.c', true],
    ['/autodiscover/autodiscover.xmlx', false],
    ['/Microsoft-Server-ActiveSync', false],
    ['/x/autodiscover/autodiscover.xml', false],
  ])('%s is its own: %s', (where, own) => {
    expect(isAutodiscover(where)).toBe(own);
  });

  it('leaves all other paths to the commands', async () => {
    const handler = withAutodiscover(async () => ({ status: 299, headers: {}, body: Buffer.alloc(0) }), {
      authenticator: { authenticate: async () => ({ ok: true, account }) },
      directory: { byAddress: async () => undefined },
      domains: { redirect: async () => undefined },
      now: () => 0,
    });
    const ask = async (where: string) =>
      (await handler(
        { method: 'GET', path: where, query: '', headers: {}, body: Buffer.alloc(0), source: '', origin: '' },
        new AbortController().signal,
      )) as EasResponse;
    expect((await ask('/Microsoft-Server-ActiveSync')).status).toBe(299);
    expect((await ask('/autodiscover/autodiscover.xml')).status).toBe(200);
  });
});
