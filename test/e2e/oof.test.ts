import { createTransport } from 'nodemailer';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { SendMailRequest, SendMailResponse } from '../../lib/documents/compose-mail.ts';
import { SettingsRequest, SettingsResponse } from '../../lib/documents/settings.ts';
import type { Phone } from '../support/client/phone.ts';
import { PASSWORD, type Server, startServer, VERSIONS } from './harness.ts';
import { startRelay, until } from './relay.ts';

type OofSet = NonNullable<NonNullable<SettingsRequest['Oof']>['Set']>;

const message = (over: object, ReplyMessage: string) => ({ Enabled: true, BodyType: 'Text', ReplyMessage, ...over });
const MESSAGES = [
  message({ AppliesToInternal: true }, 'Away, colleague'),
  message({ AppliesToExternalKnown: true }, 'Away, friend'),
  message({ AppliesToExternalUnknown: true }, 'Away, stranger'),
];

async function setOof(phone: Phone, set: OofSet): Promise<number | undefined> {
  const { document } = await phone.client.command('Settings', SettingsRequest, { Oof: { Set: set } }, SettingsResponse);
  return document?.Oof?.Status;
}

/** From elsewhere, as another server sends it. */
async function write(server: Server, from: string, to: string, header: Readonly<Record<string, string>> = {}) {
  const mailer = createTransport({ ...server.smtp, secure: false, ignoreTLS: true });
  await mailer.sendMail({
    from,
    to,
    subject: 'Lunch?',
    text: 'At noon?',
    messageId: '<lunch@sender.test>',
    headers: header,
  });
}

async function office() {
  const relay = await startRelay();
  const server = await startServer({ relayUrl: relay.url, mailName: 'mx.example.test' });
  const phone = server.phone();
  await phone.start();
  await phone.drain(phone.inbox);
  return { relay, server, phone };
}

describe('automatic replies', () => {
  it.each(VERSIONS.filter((version) => version >= 120))(
    'are set and shown by a phone, version %i [MS-ASCMD R783 R786 R795 R804]',
    async (version) => {
      const server = await startServer();
      const phone = server.phone({ version });
      expect(await setOof(phone, { OofState: 1, OofMessage: MESSAGES })).toBe(1);
      const value = { Oof: { Get: { BodyType: 'Text' } } };
      const { document } = await phone.client.command('Settings', SettingsRequest, value, SettingsResponse);
      expect(document?.Oof?.Get?.OofState).toBe(1);
      expect(document?.Oof?.Get?.OofMessage).toMatchObject(MESSAGES);
    },
  );

  it('answer mail from elsewhere once, and say that nobody wrote them', async () => {
    const { relay, server, phone } = await office();
    await setOof(phone, { OofState: 1, OofMessage: MESSAGES });
    await write(server, 'Alex <alex@sender.test>', 'kim@example.test');
    await until(() => relay.messages.length > 0);
    const [reply] = relay.messages;
    expect([reply!.from, reply!.to]).toEqual(['', ['alex@sender.test']]);
    const parsed = await PostalMime.parse(reply!.raw);
    expect(parsed).toMatchObject({
      from: { address: 'kim@example.test', name: 'Kim' },
      to: [{ address: 'alex@sender.test' }],
      subject: 'Automatic reply: Lunch?',
      inReplyTo: '<lunch@sender.test>',
      references: '<lunch@sender.test>',
    });
    expect(parsed.text?.trim()).toBe('Away, stranger');
    expect(parsed.headers).toContainEqual(expect.objectContaining({ key: 'auto-submitted', value: 'auto-replied' }));
    // The phone has both letters, and there is no second reply: one to somebody else comes after it would have.
    await write(server, 'Alex <alex@sender.test>', 'kim@example.test', { 'X-Again': '1' });
    await write(server, 'Bo <bo@sender.test>', 'kim@example.test', { 'X-Again': '2' });
    await until(() => relay.messages.length > 1);
    expect(relay.messages.map(({ to }) => to.join())).toEqual(['alex@sender.test', 'bo@sender.test']);
    expect((await phone.drain(phone.inbox)).added).toHaveLength(3);
  });

  it('know whom somebody has written to', async () => {
    const { relay, server, phone } = await office();
    const Mime = Buffer.from('From: kim@example.test\r\nTo: alex@sender.test\r\nSubject: Hello\r\n\r\nHi\r\n');
    const request = { ClientId: 'c1', SaveInSentItems: true, Mime };
    await phone.client.command('SendMail', SendMailRequest, request, SendMailResponse);
    await until(() => relay.messages.length > 0);
    await setOof(phone, { OofState: 1, OofMessage: MESSAGES });
    await write(server, 'Alex <alex@sender.test>', 'kim@example.test');
    await until(() => relay.messages.length > 1);
    expect((await PostalMime.parse(relay.messages[1]!.raw)).text?.trim()).toBe('Away, friend');
  });

  it('answer a colleague in his Inbox', async () => {
    const { server, phone } = await office();
    await server.domain.accounts.create({ address: 'lee@example.test', name: 'Lee', password: PASSWORD });
    await setOof(phone, { OofState: 1, OofMessage: MESSAGES });
    const lee = server.phone({ user: 'lee@example.test', deviceId: 'LEE' });
    await lee.start();
    await lee.drain(lee.inbox);
    const Mime = Buffer.from('From: lee@example.test\r\nTo: kim@example.test\r\nSubject: Hello\r\n\r\nHi\r\n');
    await lee.client.command('SendMail', SendMailRequest, { ClientId: 'c1', Mime }, SendMailResponse);
    let subject: string | undefined;
    while (subject === undefined) {
      const [added] = (await lee.drain(lee.inbox)).added;
      if (added !== undefined) subject = lee.inbox.items.get(added)?.Subject;
    }
    expect(subject).toBe('Automatic reply: Hello');
  });

  it.each([
    ['of a list', { 'List-Id': '<a.sender.test>' }],
    ['in bulk', { Precedence: 'bulk' }],
    ['of a machine', { 'Auto-Submitted': 'auto-generated' }],
  ])('leave mail alone that is %s', async (_, header) => {
    const { relay, server, phone } = await office();
    await setOof(phone, { OofState: 1, OofMessage: MESSAGES });
    await write(server, 'Alex <alex@sender.test>', 'kim@example.test', header);
    await write(server, 'Bo <bo@sender.test>', 'kim@example.test');
    await until(() => relay.messages.length > 0);
    expect(relay.messages.map(({ to }) => to.join())).toEqual(['bo@sender.test']);
  });

  it('end when they are switched off, or when their time is over [MS-ASCMD R3530]', async () => {
    const { relay, server, phone } = await office();
    const now = Date.now();
    await setOof(phone, {
      OofState: 2,
      StartTime: now - 2 * 86_400_000,
      EndTime: now - 86_400_000,
      OofMessage: MESSAGES,
    });
    await write(server, 'Past <past@sender.test>', 'kim@example.test');
    await setOof(phone, { OofState: 0 });
    await write(server, 'Off <off@sender.test>', 'kim@example.test');
    await setOof(phone, { OofState: 2, StartTime: now - 86_400_000, EndTime: now + 86_400_000 });
    await write(server, 'Now <now@sender.test>', 'kim@example.test');
    await until(() => relay.messages.length > 0);
    expect(relay.messages.map(({ to }) => to.join())).toEqual(['now@sender.test']);
  });
});
