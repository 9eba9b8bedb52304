/** What Autodiscover says of accounts that are blocked, elsewhere, or whose password ends. */
import { describe, expect, test } from 'vitest';
import { createAutodiscover } from '../../../lib/http/autodiscover.ts';
import type { EasResponse } from '../../../lib/http/types.ts';
import type { Account, AuthResult } from '../../../lib/identity/types.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';

const ANN: Account = {
  id: 'm1' as MailboxId,
  address: 'ann@example.test',
  aliases: [],
  name: 'Ann',
  enabled: true,
  easEnabled: true,
  credentialVersion: 1,
};
const NOW = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
const PAGE = 'https://id.example.test/password';
const REQUEST = `<?xml version="1.0"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"><Request>
<EMailAddress>ann@example.test</EMailAddress>
<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006</AcceptableResponseSchema>
</Request></Autodiscover>`;

async function ask(result: AuthResult, url: string | undefined = PAGE) {
  const handler = createAutodiscover({
    authenticator: { authenticate: async () => result },
    directory: { byAddress: async () => ANN },
    domains: { redirect: async () => undefined },
    now: () => NOW,
    passwords: { warnDays: 14, ...(url && { url }) },
  });
  const request = {
    method: 'POST',
    path: '/autodiscover/autodiscover.xml',
    query: '',
    headers: { authorization: 'Basic x', 'content-type': 'text/xml' },
    source: '192.0.2.1',
    origin: 'https://mail.example.test',
    body: Buffer.from(REQUEST),
  };
  const answer = (await handler(request, new AbortController().signal)) as EasResponse;
  return { ...answer, text: Buffer.from(answer.body as Uint8Array).toString() };
}
const refused = (reason: 'blocked' | 'expired' | 'elsewhere', more: Partial<Account> = {}): AuthResult => {
  return { ok: false, reason, account: { ...ANN, ...more } };
};

describe('Autodiscover', () => {
  test('names the server that has the mailbox', async () => {
    const home = 'https://west.example.test/Microsoft-Server-ActiveSync';
    const { status, text } = await ask(refused('elsewhere', { home }));
    expect(status).toBe(200);
    expect(text).toContain(`<Url>${home}</Url>`);
    expect(text).not.toContain('mail.example.test');
  });

  test('lets nobody in who is blocked [MS-ASHTTP R608]', async () => {
    expect((await ask(refused('blocked'))).status).toBe(456);
  });

  test('says where an expired password is changed [MS-ASHTTP R806 R1100]', async () => {
    const { status, headers } = await ask(refused('expired'));
    expect(status).toBe(457);
    expect(headers['X-MS-Credential-Service-Url']).toBe(PAGE);
  });

  test('takes an expired password for a wrong one where there is no such page', async () => {
    const { status, headers } = await ask(refused('expired'), '');
    expect(status).toBe(401);
    expect(headers['WWW-Authenticate']).toMatch(/^Basic /);
  });

  test.each([
    ['soon', 3 * DAY, PAGE, '3'],
    ['in a month', 30 * DAY, undefined, undefined],
  ])('says it ahead of a password that expires %s [MS-ASHTTP R704 R805]', async (_, ms, page, days) => {
    const { status, headers } = await ask({ ok: true, account: { ...ANN, passwordExpires: NOW + ms } });
    expect(status).toBe(200);
    expect(headers['X-MS-Credential-Service-Url']).toBe(page);
    expect(headers['X-MS-Credentials-Expire']).toBe(days);
  });
});
