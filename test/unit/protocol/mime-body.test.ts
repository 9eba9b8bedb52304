import { describe, expect, test } from 'vitest';
import { SendMailRequest, SendMailResponse } from '../../../lib/documents/compose-mail.ts';
import type { EasQuery } from '../../../lib/http/types.ts';
import { type Command, EMPTY, ProtocolFailure } from '../../../lib/protocol/command.ts';
import type { ProtocolVersion } from '../../../lib/protocol/versions.ts';
import { decode, encode } from '../../../lib/wbxml/index.ts';
import { bytesOf, Harness } from './harness.ts';

const MESSAGE = Buffer.from('To: a@x.test\r\n\r\nHello\r\n');
const QUERY = 'Cmd=SendMail&User=ann&DeviceId=Dev1&DeviceType=iPhone&SaveInSent=T';
const RFC822 = { 'content-type': 'message/rfc822' };
const DOCUMENT = { ClientId: 'one', SaveInSentItems: true, Mime: MESSAGE };

/** A harness whose SendMail keeps what it was given. */
function harness(fails?: number) {
  const seen: { request: SendMailRequest | undefined; query: EasQuery }[] = [];
  const sendMail: Command<SendMailRequest, SendMailResponse> = {
    name: 'SendMail',
    code: 1,
    request: SendMailRequest,
    response: SendMailResponse,
    body: 'required',
    mime: { upTo: 121, read: (Mime, query) => ({ ClientId: '', SaveInSentItems: query.saveInSent === true, Mime }) },
    needsPolicy: true,
    run: async ({ query }, request) => {
      seen.push({ request, query });
      if (fails !== undefined) throw new ProtocolFailure(fails, 'as the test says');
      return EMPTY;
    },
    failure: (Status) => ({ Status }),
  };
  const made = new Harness();
  made.overrides = { commands: [sendMail] };
  return { made, seen };
}

describe('a body that is a message', () => {
  test('makes the request of SendMail up to 12.1 [MS-ASHTTP R121]', async () => {
    const { made, seen } = harness();
    const response = await made.sendAs(121, { query: QUERY, body: MESSAGE, headers: RFC822 });
    expect([response.status, bytesOf(response).length, response.headers['Content-Length']]).toEqual([200, 0, '0']);
    expect(seen[0]!.request).toEqual({ ClientId: '', SaveInSentItems: true, Mime: MESSAGE });
  });

  test('may be called anything that clients call it, but not a form', async () => {
    const { made, seen } = harness();
    for (const type of ['message/rfc822', 'message/RFC822; charset=utf-8', 'application/octet-stream', '']) {
      expect((await made.sendAs(121, { query: QUERY, body: MESSAGE, headers: { 'content-type': type } })).status).toBe(
        200,
      );
    }
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await made.sendAs(121, { query: QUERY, body: MESSAGE, headers: form })).status).toBe(400);
    expect(seen).toHaveLength(4);
  });

  test('must not be empty', async () => {
    const { made, seen } = harness();
    const response = await made.sendAs(121, { query: QUERY, body: new Uint8Array(0), headers: RFC822 });
    expect(response.status).toBe(400);
    expect(seen).toEqual([]);
  });

  test('is none from 14.0 on: 102 for a message, and a document is read', async () => {
    const { made, seen } = harness();
    const versions: ProtocolVersion[] = [140, 141, 160, 161];
    for (const version of versions) {
      const refused = await made.sendAs(version, { query: QUERY, body: MESSAGE, headers: RFC822 });
      expect(decode(SendMailResponse, bytesOf(refused), version)).toEqual({ Status: 102 });
      const body = encode(SendMailRequest, DOCUMENT, version);
      expect((await made.sendAs(version, { query: QUERY, body })).status).toBe(200);
    }
    expect(seen.map(({ request }) => request?.ClientId)).toEqual(['one', 'one', 'one', 'one']);
  });

  test.each([
    [118, 200],
    [119, 400],
    [116, 400],
    [122, 413],
    [115, 507],
    [150, 404],
  ])('that fails with %i is HTTP %i, since it has no document', async (status, http) => {
    const { made } = harness(status);
    const response = await made.sendAs(121, { query: QUERY, body: MESSAGE, headers: RFC822 });
    expect([response.status, bytesOf(response).length]).toEqual([http, 0]);
  });
});
