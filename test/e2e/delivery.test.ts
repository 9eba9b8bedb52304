import { readdirSync, readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import { describe, expect, it } from 'vitest';
import type { Email } from '../../lib/documents/items/email.ts';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import { type Person, ready, sharedServer } from './shared.ts';

const shared = sharedServer({ lmtpPort: 0 });
const FOLDER = new URL('../fixtures/mail/', import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.eml'));
const load = (name: string) => readFileSync(new URL(name, FOLDER));

/** The one mail that a phone finds. */
async function found(person: Person, version: ProtocolVersion = 161, type = 1): Promise<Email> {
  const phone = person.phone({ version });
  phone.collectionOptions = { Options: [{ MIMESupport: 2, BodyPreference: [{ Type: type }] }] };
  await phone.start();
  await phone.drain(phone.inbox);
  const mails = [...phone.inbox.items.values()];
  expect(mails).toHaveLength(1);
  return mails[0]!;
}

describe('a message', () => {
  it.each(files)('%s comes over SMTP to a readable item [MS-ASEMAIL R108 R109] [MS-ASCON R5 R7]', async (file) => {
    const person = await shared.person();
    const raw = load(file);
    await shared.smtp(person.address, raw);
    const mail = await found(person);
    expect(mail.Read).toBe(false);
    expect(mail.DateReceived).toBeLessThanOrEqual(Date.now() + 1000);
    expect(mail.MessageClass).toMatch(/^(IPM\.|REPORT\.)/);
    expect(mail.Body?.Type).toBe(1);
    expect(
      `${mail.Subject}${mail.Body?.Data}${mail.Attachments?.Attachment?.map(({ DisplayName }) => DisplayName)}`.trim(),
    ).not.toBe('');
    for (const { FileReference, Method, EstimatedDataSize } of mail.Attachments?.Attachment ?? []) {
      expect(FileReference.length).toBeLessThan(512);
      expect(Method).toBeGreaterThanOrEqual(1);
      expect(EstimatedDataSize).toBeGreaterThanOrEqual(0);
    }
  });

  it.each([121, 140, 141, 160] as const)('of every kind is a valid answer in version %i', async (version) => {
    const person = await shared.person();
    for (const file of files) await person.deliver(load(file));
    const phone = person.phone({ version });
    await phone.start();
    expect((await phone.drain(phone.inbox)).added).toHaveLength(files.length);
  });

  it('has its attachments with a reference, a method and a size each [MS-ASAIRS R87 R92 R93 R198 R220 R224 R10020]', async () => {
    const [file] = [await shared.person(), await shared.person()];
    await file.deliver(load('related-inline.eml'));
    const attachments = (await found(file)).Attachments!.Attachment!;
    expect(attachments.length).toBeGreaterThan(1);
    for (const { FileReference, Method, EstimatedDataSize } of attachments) {
      expect(FileReference).not.toBe('');
      expect([1, 5, 6]).toContain(Method);
      expect(EstimatedDataSize).toBeGreaterThan(0);
    }
    expect(attachments.some(({ IsInline }) => IsInline)).toBe(true);
    expect(attachments.every(({ IsInline }) => IsInline)).toBe(false);
  });

  it('is given whole as MIME, byte for byte', async () => {
    const person = await shared.person();
    const raw = load('plain.eml');
    await person.deliver(raw);
    const mail = await found(person, 161, 4);
    expect(String(mail.Body?.Data)).toContain(raw.toString('utf8').split('\r\n\r\n')[1]!.trim());
  });

  it('comes over LMTP too, once for each who is named', async () => {
    const [one, two] = [await shared.person(), await shared.person()];
    const mailer = createTransport({ ...shared.running.lmtp!, lmtp: true, secure: false, ignoreTLS: true });
    const envelope = { from: 'alex@sender.test', to: [one.address, two.address] };
    await mailer.sendMail({ envelope, raw: 'From: a@b.test\r\nSubject: Both\r\n\r\nHello\r\n' });
    for (const person of [one, two]) expect((await found(person)).Subject).toBe('Both');
  });

  it('for nobody here is refused, and the others get theirs', async () => {
    const person = await shared.person();
    await expect(shared.smtp('nobody@example.test', 'Subject: x\r\n\r\n')).rejects.toThrow(/550/);
    await shared.smtp(person.address, 'From: a@b.test\r\nSubject: Mine\r\n\r\n');
    expect((await found(person)).Subject).toBe('Mine');
  });

  it('for a tagged address, an alias or one in capitals is for whoever has it', async () => {
    const person = await shared.person();
    const alias = `alias-${person.address}`;
    await shared.running.domain.accounts.update(person.account.id, { aliases: [alias] });
    for (const to of [person.address.replace('@', '+list@'), alias, person.address.toUpperCase()]) {
      await shared.smtp(to, 'From: a@b.test\r\nSubject: Mine\r\n\r\n');
    }
    const phone = await ready(person);
    expect(phone.inbox.items.size).toBe(3);
  });

  it('that is larger than it may be is refused', async () => {
    const person = await shared.person();
    const big = `Subject: Big\r\n\r\n${'x'.repeat(1000)}\r\n`.padEnd(52 * 1024 * 1024, 'y\r\n');
    await expect(shared.smtp(person.address, big)).rejects.toThrow(/552/);
    const phone = await ready(person);
    expect(phone.inbox.items.size).toBe(0);
  });
});
