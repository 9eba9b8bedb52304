import { describe, expect, test } from 'vitest';
import { besideInput } from '../../../../lib/commands/sync/beside-input.ts';
import { smsClass } from '../../../../lib/commands/sync/sms.ts';
import { Email } from '../../../../lib/documents/items/email.ts';
import { type Folder, FolderType, type NewItem } from '../../../../lib/mailbox/types.ts';
import { isSms, type MailboxId, ulidTime, unmarked } from '../../../../lib/ops/ids.ts';
import type { ProtocolVersion } from '../../../../lib/protocol/versions.ts';
import { DEFAULT_OPTIONS } from '../../../../lib/sync/options.ts';
import { decodeElement } from '../../../../lib/wbxml/index.ts';
import { bareContext } from '../../../support/query-world.ts';
import { dataOf, elementOf } from '../../../support/sync-phone.ts';

const NOW = Date.UTC(2026, 0, 15, 12);

function texting(version: ProtocolVersion = 161, writable = true) {
  const stored = new Map<string, string>();
  const put = async (key: string, bytes: unknown) => void stored.set(key, Buffer.from(bytes as Uint8Array).toString());
  const sms = smsClass({ get: async () => undefined, ...(writable && { put }) });
  const create = (email: Partial<Email>, seed = 's') => {
    const context = bareContext({ version });
    const place = { context, folder: { id: 'inbox' } as Folder, mailbox: 'alice' as MailboxId, clientId: 'c' };
    return sms.create!({ ...place, version, seed, data: dataOf(email, 161), now: NOW });
  };
  return { sms, create, stored };
}
const text = { From: '"Bob" <+41791234567>', Body: { Type: 1, Data: 'Late' }, DateReceived: NOW - 60_000 };

describe('a text message that a phone adds', () => {
  test('is kept where it was received, in a range of ids of its own', async () => {
    const { create, stored } = texting();
    const made = (await create(text)) as NewItem;
    expect(made).toMatchObject({ class: 'SMS', content: { received: NOW - 60_000 } });
    expect(isSms(made.id)).toBe(true);
    expect(unmarked(made.id).slice(0, 10)).toBe(ulidTime(NOW - 60_000));
    expect(made.content.text.prefix).toContain('Late');
    expect([...stored.keys()]).toEqual([made.content.mime.blob]);
    expect(made.content.mime.blob).toMatch(/^alice\/[0-9a-f]{32}\/mime$/);
  });

  test('has the same id when it comes again, and another for another command', async () => {
    const { create } = texting();
    const idOf = async (seed: string) => ((await create(text, seed)) as NewItem).id;
    expect(await idOf('a')).toBe(await idOf('a'));
    expect(await idOf('a')).not.toBe(await idOf('b'));
  });

  test('was received now where it does not say when, or says a time to come', async () => {
    const { create } = texting();
    for (const DateReceived of [undefined, NOW + 60_000]) {
      expect(await create({ ...text, DateReceived })).toMatchObject({ content: { received: NOW } });
    }
  });

  test('takes its flags along, and none that no client may set', async () => {
    const { create, stored } = texting();
    expect(await create({ ...text, Read: true })).toMatchObject({ content: { read: true } });
    expect(await create({ ...text, Read: false })).toMatchObject({ content: { read: false } });
    stored.clear();
    expect(await create({ ...text, Sender: 'eve@else.test' })).toEqual({ status: 6 });
    expect(stored.size).toBe(0);
  });

  test('is status 6 before 14.0, and where nothing can be written', async () => {
    expect(await texting(121).create(text)).toEqual({ status: 6 });
    expect(await texting(140).create(text)).toHaveProperty('id');
    expect(await texting(161, false).create(text)).toEqual({ status: 6 });
  });

  test('is shown as a text message', async () => {
    const { sms, create } = texting();
    const made = (await create(text)) as NewItem;
    const item = { ...made, folder: 'inbox', seq: 1, addedSeq: 1, addedAt: NOW } as never;
    const options = { ...DEFAULT_OPTIONS, bodyPreferences: [{ Type: 1 }] };
    const told = decodeElement(Email, elementOf(await sms.render(item, { version: 161, options })), 161);
    expect(told.From).toContain('+41791234567');
    expect(told.Body?.Data).toContain('Late');
    expect(sms.itemClass).toBe('SMS');
  });
});

describe('what is looked for in a folder beside its mail', () => {
  const conversations = (async () => []) as never;
  const options = { sms: { ...DEFAULT_OPTIONS, filterType: 3 }, conversationMode: true };
  const looked = (type: FolderType, given = options, hasSms = true, sends = false) => {
    const device = { id: 'phone1', information: sends ? { enableOutboundSms: true } : undefined } as never;
    const {
      sms,
      conversations: found,
      now,
    } = besideInput(
      bareContext({ device }),
      { id: 'f', type } as unknown as Folder,
      given as never,
      hasSms,
      conversations,
    );
    return { sms, found: found === conversations, now: typeof now };
  };

  test('are text messages as the device wants them, and conversations where it wants those', () => {
    expect(looked(FolderType.Inbox)).toEqual({ sms: 3, found: true, now: 'number' });
    expect(looked(FolderType.Inbox, { sms: undefined, conversationMode: false } as never)).toMatchObject({
      found: false,
    });
    expect(looked(FolderType.Inbox, { sms: undefined, conversationMode: false } as never).sms).toBeUndefined();
    expect(looked(FolderType.Inbox, options, false).sms).toBeUndefined();
  });

  test('in the Outbox are text messages for a phone that sends them', () => {
    expect(looked(FolderType.Outbox).sms).toBeUndefined();
    expect(looked(FolderType.Outbox, options, true, true).sms).toBe(3);
  });
});
