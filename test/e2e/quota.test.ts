/** Mailboxes that may not hold any more. */
import { createTransport } from 'nodemailer';
import { describe, expect, it } from 'vitest';
import type { Quota } from '../../lib/mailbox/quota.ts';
import { VERSIONS } from './harness.ts';
import { type Person, ready, sharedServer, subjects } from './shared.ts';

const shared = sharedServer({ quotaBytes: 10_000_000 });
const FULL: Quota = { items: 0 };

const limit = (person: Person, quota: Quota | null) =>
  shared.running.domain.accounts.update(person.account.id, { quota });
const message = (to: string, body = 'Hello') =>
  Buffer.from(`From: ${to}\r\nTo: ${to}\r\nSubject: To myself\r\n\r\n${body}\r\n`);

/** What the server says to a message by SMTP: the code, and the enhanced one. */
async function smtp(to: readonly string[], size = 100): Promise<string> {
  const mailer = createTransport({ ...shared.running.smtp, secure: false, ignoreTLS: true });
  const raw = `From: alex@sender.test\r\nSubject: S\r\n\r\n${'x'.repeat(size)}\r\n`;
  try {
    const { rejectedErrors, response } = await mailer.sendMail({
      envelope: { from: 'alex@sender.test', to: [...to] },
      raw,
    });
    return [response, ...(rejectedErrors ?? []).map(({ response }) => response)].join(' | ');
  } catch (error) {
    return (error as { response?: string }).response ?? String(error);
  }
}

describe('a full mailbox', () => {
  it.each(VERSIONS)(
    'sends nothing that it should keep a copy of, version %i [MS-ASCMD R4838 R7553] [MS-ASHTTP R192]',
    async (version) => {
      const person = await shared.person();
      const phone = person.phone({ version });
      await limit(person, FULL);
      const send = async (save: boolean) => {
        const { status, document } = await phone.client.compose('SendMail', {
          mime: message(person.address),
          save,
          ClientId: `${save}${Math.random()}`.slice(0, 40),
        });
        return status === 200 ? document?.Status : status;
      };
      expect(await send(true)).toBe(version < 140 ? 507 : 113);
      await limit(person, null);
      expect(await send(true)).toBeUndefined();
      const other = await ready(person);
      expect(subjects(other.inbox)).toEqual(['To myself']);
    },
  );

  it('takes no mail: the sender is told to come back, for that recipient alone', async () => {
    const [full, empty] = [await shared.person(), await shared.person()];
    await limit(full, FULL);
    expect(await smtp([full.address])).toMatch(/^452 4\.2\.2 /);
    expect(await smtp([full.address, empty.address])).toMatch(/^250 .*\| 452 4\.2\.2 /);
    const phone = await ready(empty);
    expect(subjects(phone.inbox)).toEqual(['S']);
  });

  it('takes a message that fits, and refuses one that does not by its own size', async () => {
    const person = await shared.person();
    await limit(person, { bytes: 5000, itemBytes: 3000 });
    expect(await smtp([person.address], 3000)).toMatch(/^552 5\.2\.3 /);
    expect(await smtp([person.address], 1000)).toMatch(/^250 /);
    expect(await smtp([person.address], 2500)).toMatch(/^250 /);
    // There is room for a small one, not for this.
    expect(await smtp([person.address], 2500)).toMatch(/^452 4\.2\.2 /);
  });

  it('reads, deletes and is freed by that', async () => {
    const person = await shared.person();
    for (const subject of ['a', 'b', 'c']) await person.mail(subject);
    const phone = await ready(person);
    await limit(person, { items: 3 });
    await expect(person.mail('d')).rejects.toThrow('may not hold');
    const [id] = phone.inbox.items.keys();
    await phone.sync(phone.inbox, {
      DeletesAsMoves: false,
      Commands: [{ tag: 'Delete', value: { ServerId: id! } }],
    });
    await person.mail('d');
    await phone.drain(phone.inbox);
    expect([...subjects(phone.inbox)]).toContain('d');
  });
});

describe('a mailbox that is nearly full', () => {
  it('is told so by mail, once', async () => {
    const person = await shared.person();
    await limit(person, { items: 10 });
    for (let count = 0; count < 8; count++) await person.mail(`${count}`);
    const phone = await ready(person);
    expect(subjects(phone.inbox)).toHaveLength(8);
    await person.mail('nine');
    await phone.drain(phone.inbox);
    expect(subjects(phone.inbox)).toContain('Your mailbox is nearly full');
    // The notice itself took the last place.
    await expect(person.mail('eleven')).rejects.toThrow('may not hold');
    const ids = [...phone.inbox.items.keys()];
    for (const ServerId of ids.slice(0, 1)) {
      await phone.sync(phone.inbox, { DeletesAsMoves: false, Commands: [{ tag: 'Delete', value: { ServerId } }] });
    }
    await person.mail('eleven');
    await phone.drain(phone.inbox);
    expect(subjects(phone.inbox).filter((subject) => subject?.startsWith('Your mailbox'))).toHaveLength(1);
  });
});
