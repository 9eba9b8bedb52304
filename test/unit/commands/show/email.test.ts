import { describe, expect, test } from 'vitest';
import { shownEmail } from '../../../../lib/commands/show/email.ts';
import { shownClasses, type Wish } from '../../../../lib/commands/show/item.ts';
import { Email } from '../../../../lib/documents/items/email.ts';
import type { EmailContent } from '../../../../lib/mail/types.ts';
import type { Item } from '../../../../lib/mailbox/types.ts';
import type { Blobs } from '../../../../lib/store/ports.ts';
import { decodeElement } from '../../../../lib/wbxml/index.ts';
import { email, INBOX } from '../../../support/mailboxes.ts';
import { textOf } from '../../../support/query-world.ts';
import { elementOf } from '../../../support/sync-phone.ts';

const MIME = 'MIME-Version: 1.0\r\n\r\nHello';
const blobs: Pick<Blobs, 'get' | 'stream'> = {
  get: async () => Buffer.from(MIME),
  async *stream(key) {
    yield Buffer.from(`${key} as it arrived`);
  },
};
const shown = shownEmail(blobs);

const item = (over: Partial<EmailContent> = {}): Item => ({ ...email('m', over), folder: INBOX }) as unknown as Item;
const wish = (over: Partial<Wish> = {}): Wish => ({
  version: 161,
  bodyPreferences: [],
  mimeSupport: 0,
  withoutPreference: 'whole',
  ...over,
});
async function show(of: Item, over: Partial<Wish> = {}) {
  const { properties, body } = await shown.show(of, wish(over));
  return { told: decodeElement(Email, elementOf(properties), 161), body };
}
const plain = [{ Type: 1 }];
const mime = { bodyPreferences: [{ Type: 4 }], mimeSupport: 2 };
const mimed = { mime: { blob: 'alice/m/mime', size: Buffer.byteLength(MIME) } };

describe('a message that is shown', () => {
  test('has its body in its properties', async () => {
    const { told, body } = await show(item(), { bodyPreferences: plain });
    expect(told).toMatchObject({ Subject: 'Subject m', Body: { Type: 1, EstimatedDataSize: 5, Data: 'Hello' } });
    expect(body).toBeUndefined();
  });

  test('has it as a part of its own where the answer has parts', async () => {
    const { told, body } = await show(item(), { bodyPreferences: [{ Type: 1, TruncationSize: 4 }], part: 3 });
    expect(told.Body).toMatchObject({ Type: 1, Part: 3, Truncated: true });
    expect(told.Body).not.toHaveProperty('Data');
    expect(body!.size).toBe(4);
    expect(await textOf(body!)).toBe('Hell');
  });

  test('counts the bytes of a part, not its characters', async () => {
    const { body } = await show(item({ text: { size: 4, prefix: 'Zoë' } }), { bodyPreferences: plain, part: 1 });
    expect(body!.size).toBe(4);
  });

  test('has no part where there is no data', async () => {
    const { told, body } = await show(item(), { bodyPreferences: [{ Type: 1, TruncationSize: 0 }], part: 1 });
    expect(body).toBeUndefined();
    expect(told.Body).not.toHaveProperty('Part');
  });

  test('as a whole message leaves as it arrived, without passing through memory', async () => {
    const { told, body } = await show(item(mimed), { ...mime, part: 1 });
    expect(told.Body).toMatchObject({ Type: 4, EstimatedDataSize: mimed.mime.size, Part: 1 });
    expect(told.Body).not.toHaveProperty('Data');
    expect(told.Body?.Truncated).toBeFalsy();
    expect(body!.size).toBe(mimed.mime.size);
    expect(await textOf(body!)).toBe('alice/m/mime as it arrived');
  });

  test('as a message of just the bytes that are wanted leaves as it arrived, too', async () => {
    const bodyPreferences = [{ Type: 4, TruncationSize: mimed.mime.size }];
    const { body } = await show(item(mimed), { ...mime, bodyPreferences, part: 1 });
    expect(await textOf(body!)).toBe('alice/m/mime as it arrived');
  });

  test.each<[string, Partial<Wish>]>([
    ['of less than all of it', { bodyPreferences: [{ Type: 4, TruncationSize: 4 }], part: 1 }],
    ['in the document', { bodyPreferences: [{ Type: 4 }] }],
  ])('as a message is read from memory where it is %s', async (_, over) => {
    const { told, body } = await show(item(mimed), { ...mime, ...over });
    expect(told.Body?.Type).toBe(4);
    expect(body ? await textOf(body) : told.Body?.Data).toBe(MIME.slice(0, over.part ? 4 : undefined));
  });

  test('tells no more than the schema names [MS-ASEMAIL R63]', async () => {
    const some = await show(item(), { schema: new Set(['Subject', 'Read']), bodyPreferences: plain, part: 1 });
    expect(Object.keys(some.told).sort()).toEqual(['Read', 'Subject']);
    expect(some.body).toBeUndefined();
    const withBody = await show(item(), { schema: new Set(['Body']), bodyPreferences: plain, part: 1 });
    expect(Object.keys(withBody.told)).toEqual(['Body']);
    expect(withBody.body).toBeDefined();
  });

  test('has its message part where one is wanted', async () => {
    const { told } = await show(item(), { bodyPartPreference: { Type: 2 } });
    expect(told.BodyPart).toMatchObject({ Type: 2, Status: 1 });
  });
});

describe('the memory that showing a message takes', () => {
  const sizes = { text: { size: 1000, prefix: '' }, html: { size: 3000, prefix: '' }, mime: { blob: 'b', size: 9000 } };
  const of = { ...sizes, nativeBody: 1 } as const;

  test.each<[string, Partial<Wish>, number]>([
    ['the whole body', { bodyPreferences: plain }, 1000],
    ['as much of it as is wanted', { bodyPreferences: [{ Type: 1, TruncationSize: 300 }] }, 300],
    ['not more than there is', { bodyPreferences: [{ Type: 1, TruncationSize: 5000 }] }, 1000],
    ['of the form that is wanted', { bodyPreferences: [{ Type: 2 }] }, 3000],
    ['the whole message', mime, 9000],
    ['nothing for a message that is streamed', { ...mime, part: 1 }, 0],
    ['a part of a message', { bodyPreferences: [{ Type: 4, TruncationSize: 100 }], mimeSupport: 2, part: 1 }, 100],
    ['no body where its size is enough', { withoutPreference: 'size' }, 0],
    ['a message part, which is HTML', { withoutPreference: 'size', bodyPartPreference: { Type: 2 } }, 3000],
  ])('is %s, and 4 KB for the rest', (_, over, bytes) => {
    expect(shown.cost(item(of), wish(over))).toBe(4096 + bytes);
  });
});

test('classes are found by their name', () => {
  const sms = shownEmail(blobs, 'SMS');
  const classes = shownClasses([shown, sms]);
  expect([classes.get('Email'), classes.get('SMS'), classes.get('Notes')]).toEqual([shown, sms, undefined]);
});
