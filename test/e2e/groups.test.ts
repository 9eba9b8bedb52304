import { createTransport } from 'nodemailer';
import { describe, expect, it } from 'vitest';
import { SendMailRequest, SendMailResponse } from '../../lib/documents/compose-mail.ts';
import { Gal } from '../../lib/documents/items/gal.ts';
import { ResolveRecipientsRequest, ResolveRecipientsResponse } from '../../lib/documents/resolve-recipients.ts';
import { SearchRequest, SearchResponse } from '../../lib/documents/search.ts';
import { decodeElement, type WbxmlElement } from '../../lib/wbxml/index.ts';
import { makeCertificate } from '../support/certificates.ts';
import type { Phone } from '../support/client/phone.ts';
import { PASSWORD, type Server, startServer } from './harness.ts';
import { startRelay, until } from './relay.ts';
import { el } from './shared.ts';

const TEAM = 'team@example.test';

/** Kim, Lee and Max; a team of Kim, Lee and somebody elsewhere. */
async function office(input: Parameters<typeof startServer>[0] = {}) {
  const relay = await startRelay();
  const server = await startServer({ relayUrl: relay.url, ...input });
  for (const [address, name] of [
    ['lee@example.test', 'Lee'],
    ['max@example.test', 'Max'],
  ] as const) {
    await server.domain.accounts.create({ address, name, password: PASSWORD });
  }
  const members = ['kim@example.test', 'lee@example.test', 'out@side.test'];
  const group = await server.domain.groups.create({ address: TEAM, name: 'The Team', members });
  const phoneOf = async (user: string) => {
    const phone = server.phone({ user, deviceId: user.slice(0, 3).toUpperCase() });
    await phone.start();
    await phone.drain(phone.inbox);
    return phone;
  };
  return { relay, server, group, phoneOf };
}

async function resolve(phone: Phone, To: string[], Options?: ResolveRecipientsRequest['Options']) {
  const { document } = await phone.client.command(
    'ResolveRecipients',
    ResolveRecipientsRequest,
    { To, Options },
    ResolveRecipientsResponse,
  );
  return document!.Response![0]!;
}

const smtp = (server: Server, from: string, subject = 'To all of you') =>
  createTransport({ ...server.smtp, secure: false, ignoreTLS: true }).sendMail({ from, to: TEAM, subject, text: 'x' });

const inboxOf = async (phone: Phone) => {
  await phone.drain(phone.inbox);
  return [...phone.inbox.items.values()].map(({ Subject }) => Subject);
};

describe('a group', () => {
  it('gets mail from elsewhere to everybody in it', async () => {
    const { relay, server, phoneOf } = await office();
    const [kim, lee, max] = await Promise.all(['kim', 'lee', 'max'].map((name) => phoneOf(`${name}@example.test`)));
    await smtp(server, 'alex@sender.test');
    expect(await inboxOf(kim!)).toEqual(['To all of you']);
    expect(await inboxOf(lee!)).toEqual(['To all of you']);
    expect(await inboxOf(max!)).toEqual([]);
    await until(() => relay.messages.length > 0);
    expect(relay.messages[0]!.to).toEqual(['out@side.test']);
  });

  it('gets mail of somebody here, who may be one of it', async () => {
    const { relay, phoneOf } = await office();
    const [kim, lee] = await Promise.all([phoneOf('kim@example.test'), phoneOf('lee@example.test')]);
    const Mime = Buffer.from(`From: kim@example.test\r\nTo: ${TEAM}\r\nSubject: Hello all\r\n\r\nHi\r\n`);
    await kim.client.command('SendMail', SendMailRequest, { ClientId: 'c1', Mime }, SendMailResponse);
    expect(await inboxOf(lee)).toEqual(['Hello all']);
    expect(await inboxOf(kim)).toEqual(['Hello all']);
    await until(() => relay.messages.length > 0);
    expect([relay.messages[0]!.from, relay.messages[0]!.to]).toEqual(['kim@example.test', ['out@side.test']]);
  });

  it('for its members says so to others, at once', async () => {
    const { server, group, phoneOf } = await office();
    await server.domain.groups.update(group.id, { senders: 'members' });
    await expect(smtp(server, 'alex@sender.test')).rejects.toMatchObject({ responseCode: 550 });
    const max = await phoneOf('max@example.test');
    const Mime = Buffer.from(`From: max@example.test\r\nTo: ${TEAM}\r\nSubject: Me too\r\n\r\nHi\r\n`);
    const { document } = await max.client.command(
      'SendMail',
      SendMailRequest,
      { ClientId: 'c1', Mime },
      SendMailResponse,
    );
    expect(document?.Status).toBe(120);
    await smtp(server, 'lee@example.test', 'One of us');
    expect(await inboxOf(await phoneOf('kim@example.test'))).toEqual(['One of us']);
  });

  it('is in the address list', async () => {
    const { phoneOf } = await office();
    const phone = await phoneOf('max@example.test');
    const value: SearchRequest = { Store: { Name: 'GAL', Query: el('Search', 'Query', 'team') } };
    const { document } = await phone.client.command('Search', SearchRequest, value, SearchResponse);
    const [found] = document!.Response!.Store.Result!;
    const entry = decodeElement(Gal, found!.Properties as unknown as WbxmlElement, 161);
    expect(entry).toMatchObject({ DisplayName: 'The Team', EmailAddress: TEAM, Alias: 'team' });
  });

  it('is resolved as one recipient with the certificates and the times of all [MS-ASCMD R343 R3768 R4302 R4625]', async () => {
    const { server, group, phoneOf } = await office();
    const now = Date.now();
    const times = { from: now - 1000, to: now + 86_400_000 };
    const kim = (await server.domain.accounts.byAddress('kim@example.test'))!;
    const der = await makeCertificate('Kim', times);
    await server.domain.certificates.add(kim.id, der);
    const phone = await phoneOf('max@example.test');
    const Availability = { StartTime: '2026-03-02T08:00:00.000Z', EndTime: '2026-03-02T09:00:00.000Z' };
    const told = await resolve(phone, ['The Team'], { CertificateRetrieval: 2, Availability });
    expect(told).toMatchObject({ Status: 1, RecipientCount: 1 });
    expect(told.Recipient).toMatchObject([
      {
        Type: 1,
        EmailAddress: TEAM,
        Availability: { Status: 1, MergedFreeBusy: '44' },
        Certificates: { Status: 1, CertificateCount: 1, RecipientCount: 3, Certificate: [new Uint8Array(der)] },
      },
    ]);
    await server.domain.groups.update(group.id, { add: Array.from({ length: 18 }, (_, n) => `p${n}@side.test`) });
    const large = await resolve(phone, [TEAM], { Availability });
    expect(large.Recipient![0]!.Availability).toEqual({ Status: 161 });
  });
});

describe('certificates', () => {
  it('are told in full where they are asked for [MS-ASCMD R843 R857 R4302 R4304]', async () => {
    const { server, phoneOf } = await office();
    const lee = (await server.domain.accounts.byAddress('lee@example.test'))!;
    const now = Date.now();
    const der = await makeCertificate('Lee', { from: now - 1000, to: now + 86_400_000 });
    await server.domain.certificates.add(lee.id, der);
    await server.domain.certificates.add(lee.id, await makeCertificate('Old', { from: now - 9000, to: now - 1000 }));
    const phone = await phoneOf('kim@example.test');
    const ask = async (Options: object) => {
      const { Recipient } = await resolve(phone, ['lee@example.test'], Options);
      return Recipient![0]!.Certificates;
    };
    expect(await ask({ CertificateRetrieval: 2 })).toMatchObject({
      Status: 1,
      CertificateCount: 1,
      RecipientCount: 1,
      Certificate: [new Uint8Array(der)],
    });
    expect(await ask({ CertificateRetrieval: 1 })).toBeUndefined();
    // Nobody describes what a mini certificate is.
    expect(await ask({ CertificateRetrieval: 3 })).toEqual({ Status: 7, CertificateCount: 0, RecipientCount: 1 });
    expect(await ask({ CertificateRetrieval: 2, MaxCertificates: 0 })).toEqual({
      Status: 8,
      CertificateCount: 1,
      RecipientCount: 1,
    });
  });
});

describe('the address list', () => {
  it.each([
    ['domain', 4],
    ['server', 1],
  ] as const)('of a %s has who is in it', async (galScope, status) => {
    const { server, phoneOf } = await office({ galScope });
    await server.domain.accounts.create({ address: 'ann@elsewhere.test', name: 'Ann' });
    expect((await resolve(await phoneOf('kim@example.test'), ['ann@elsewhere.test'])).Status).toBe(status);
  });
});
