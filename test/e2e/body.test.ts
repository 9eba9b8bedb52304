import { describe, expect, it } from 'vitest';
import { type Email, Email as EmailSchema } from '../../lib/documents/items/email.ts';
import { SyncResponse } from '../../lib/documents/sync.ts';
import { decode, decodeElement, parseDocument, type WbxmlElement } from '../../lib/wbxml/index.ts';
import type { Phone } from '../support/client/phone.ts';
import { bytesOf, el, type Person, sharedServer } from './shared.ts';

const shared = sharedServer();
const TEXT = 'Grüße aus Köln. '.repeat(100);
const HTML = `<html><body><p>${TEXT}</p></body></html>`;
const plain = `Subject: Plain\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${TEXT}\r\n`;
const html = `Subject: Html\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${HTML}\r\n`;
const MESSAGES = { plain, html };

/** What the one mail of a new account looks like with these options, as values and as elements. */
async function shown(
  kind: keyof typeof MESSAGES,
  options: readonly WbxmlElement[],
  version: 121 | 140 | 141 | 160 | 161 = 161,
): Promise<{ mail: Email; data: WbxmlElement; status: number | undefined }> {
  const person = await shared.person();
  await person.deliver(`From: a@b.test\r\n${MESSAGES[kind]}`);
  const phone = person.phone({ version });
  phone.collectionOptions = {};
  await phone.start();
  await phone.sync(phone.inbox);
  return ask(phone, options);
}

async function ask(phone: Phone, options: readonly WbxmlElement[]) {
  const collection = [el('AirSync', 'SyncKey', phone.inbox.syncKey), el('AirSync', 'CollectionId', phone.inbox.id)];
  const document = el('AirSync', 'Sync', [
    el('AirSync', 'Collections', [
      el('AirSync', 'Collection', [...collection, ...(options.length > 0 ? [el('AirSync', 'Options', options)] : [])]),
    ]),
  ]);
  const { body } = await phone.client.raw('Sync', bytesOf(document));
  const answer = decode(SyncResponse, body, phone.client.version);
  const [one] = answer.Collections?.Collection ?? [];
  const data = (one?.Commands?.[0]?.value as { ApplicationData?: WbxmlElement } | undefined)?.ApplicationData;
  const mail = data ? decodeElement(EmailSchema, data, phone.client.version) : {};
  return { mail, data: data!, status: answer.Status ?? one?.Status, root: parseDocument(body) };
}

const base = (tag: string, value: string | number) => el('AirSyncBase', tag, `${value}`);
const preference = (fields: Readonly<Record<string, string | number | undefined>>, tag = 'BodyPreference') =>
  el(
    'AirSyncBase',
    tag,
    Object.entries(fields).map(([name, value]) => base(name, value ?? '')),
  );
const part = (fields: Readonly<Record<string, string | number | undefined>>) =>
  preference(fields, 'BodyPartPreference');
const bytes = (text: string | undefined) => Buffer.byteLength(text ?? '');

describe('a body', () => {
  it.each([
    ['plain', 1, 1, '[MS-ASAIRS R237 R304 R178 R105]'],
    ['html', 1, 1, '[MS-ASAIRS R304]'],
    ['html', 2, 2, '[MS-ASAIRS R238 R305 R236 R241]'],
    ['html', 4, 4, '[MS-ASAIRS R307 R303]'],
  ] as const)('of a %s message asked for as type %i comes as type %i %s', async (kind, asked, type, _ids) => {
    const options = [preference({ Type: asked }), ...(asked === 4 ? [el('AirSync', 'MIMESupport', '2')] : [])];
    const { mail } = await shown(kind, asked === 4 ? options.toReversed() : options);
    expect(mail.Body?.Type).toBe(type);
    expect(mail.NativeBodyType).toBe(kind === 'plain' ? 1 : 2);
    const data = String(mail.Body?.Data);
    if (type === 1) expect(data.trim()).toBe(TEXT.trim());
    if (type === 2) expect(data).toContain('<p>Grüße aus Köln.');
    if (type === 4) expect(data).toContain('Content-Type: text/html');
    expect(mail.Body?.Truncated ?? false).toBe(false);
  });

  it.each([
    ['is cut', {}, '[MS-ASAIRS R420 R180 R402]'],
    ['is cut', { AllOrNone: 0 }, '[MS-ASAIRS R378]'],
    ['is left out', { AllOrNone: 1 }, ''],
  ] as const)('larger than TruncationSize %s with %j %s', async (_, more, _ids) => {
    const { mail } = await shown('plain', [preference({ Type: 1, TruncationSize: 100, ...more })]);
    const whole = bytes(TEXT.trim());
    if ('AllOrNone' in more && more.AllOrNone === 1) {
      expect(mail.Body?.Data ?? '').toBe('');
    } else {
      expect(bytes(mail.Body?.Data as string)).toBeLessThanOrEqual(100);
      expect(bytes(mail.Body?.Data as string)).toBeGreaterThan(95);
    }
    expect(mail.Body?.Truncated).toBe(true);
    expect(mail.Body?.EstimatedDataSize).toBeGreaterThanOrEqual(whole);
  });

  it.each([
    ['AllOrNone 1', { AllOrNone: 1 }, '[MS-ASAIRS R373]'],
    ['AllOrNone 0', { AllOrNone: 0 }, '[MS-ASAIRS R381]'],
    ['no AllOrNone', {}, '[MS-ASAIRS R423]'],
  ] as const)('smaller than TruncationSize comes whole with %s %j %s', async (_, more, _ids) => {
    const { mail } = await shown('plain', [preference({ Type: 1, TruncationSize: 100_000, ...more })]);
    expect(String(mail.Body?.Data).trim()).toBe(TEXT.trim());
    expect(mail.Body?.Truncated ?? false).toBe(false);
  });

  it('without TruncationSize comes whole, whatever AllOrNone says [MS-ASAIRS R300 R401]', async () => {
    const answers = [];
    for (const more of [{}, { AllOrNone: 0 }, { AllOrNone: 1 }]) {
      answers.push((await shown('plain', [preference({ Type: 1, ...more })])).mail.Body);
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toEqual(answers[2]);
    expect(String(answers[0]?.Data).trim()).toBe(TEXT.trim());
  });

  it.each([
    [140, 20],
    [161, 255],
  ] as const)(
    'has a preview of the length that is asked for, version %i [MS-ASAIRS R2644]',
    async (version, length) => {
      const { mail } = await shown('html', [preference({ Type: 2, TruncationSize: 0, Preview: length })], version);
      const preview = String(mail.Body?.Preview);
      expect(preview.length).toBeLessThanOrEqual(length);
      expect(TEXT.startsWith(preview.trimEnd())).toBe(true);
      expect(preview.length).toBeGreaterThan(length - 20);
    },
  );

  it('never carries the words of the request back [MS-ASAIRS R59 R74 R135 R148 R291 R297 R405]', async () => {
    const { data } = await shown('html', [
      preference({ Type: 1, TruncationSize: 100, AllOrNone: 0 }),
      part({ Type: 2, TruncationSize: 100, AllOrNone: 0 }),
    ]);
    const tags: string[] = [];
    const walk = (element: WbxmlElement): void => {
      tags.push(element.tag);
      element.children.forEach(walk);
    };
    walk(data);
    for (const tag of ['BodyPreference', 'BodyPartPreference', 'TruncationSize', 'AllOrNone', 'Part']) {
      expect(tags).not.toContain(tag);
    }
    expect(tags).toEqual(expect.arrayContaining(['Body', 'BodyPart']));
  });

  it.each([
    ['two preferences of one type', '[MS-ASAIRS R10016]', [preference({ Type: 1 }), preference({ Type: 1 })]],
    ['an AllOrNone that is no boolean', '[MS-ASAIRS R350]', [preference({ Type: 1, AllOrNone: 'maybe' })]],
    ['a type that is no number', '', [preference({ Type: 'text' })]],
  ] as const)('of %s is refused with 4 %s', async (what, _ids, options) => {
    expect((await shown('plain', options)).status, what).toBe(4);
  });
});

describe('a message part', () => {
  it.each([141, 160, 161] as const)(
    'is beside the body, instead of it or absent, as it is asked for, version %i [MS-ASCON R237 R243 R245 R246 R247 R248]',
    async (version) => {
      const has = async (...options: WbxmlElement[]) => {
        const { mail } = await shown('html', options, version);
        return [mail.Body !== undefined, mail.BodyPart !== undefined];
      };
      expect(await has()).toEqual([true, false]);
      expect(await has(preference({ Type: 2 }))).toEqual([true, false]);
      expect(await has(part({ Type: 2 }))).toEqual([false, true]);
      expect(await has(preference({ Type: 2 }), part({ Type: 2 }))).toEqual([true, true]);
    },
  );

  it('is cut where it is too long, and says so [MS-ASCON R46 R47 R239 R240] [MS-ASAIRS R186 R188 R270 R403 R407 R2599]', async () => {
    const { mail } = await shown('html', [part({ Type: 2, TruncationSize: 100, Preview: 30 })]);
    expect(mail.BodyPart).toMatchObject({ Status: 1, Type: 2, Truncated: true });
    expect(bytes(mail.BodyPart?.Data as string)).toBeLessThanOrEqual(100);
    expect(mail.BodyPart?.EstimatedDataSize).toBeGreaterThan(1000);
    expect(String(mail.BodyPart?.Preview).length).toBeLessThanOrEqual(30);
  });

  it('that is short enough comes whole [MS-ASAIRS R283 R294 R400 R410]', async () => {
    for (const fields of [{ Type: 2 }, { Type: 2, AllOrNone: 1 }, { Type: 2, TruncationSize: 100_000 }]) {
      const { mail } = await shown('html', [part(fields)]);
      expect(mail.BodyPart?.Truncated ?? false).toBe(false);
      expect(mail.BodyPart?.Data).toContain('Grüße aus Köln.');
    }
  });

  it('of another type than HTML is refused with 164 [MS-ASCON R241] [MS-ASCMD R5412]', async () => {
    expect((await shown('html', [part({ Type: 1 })])).status).toBe(164);
  });
});

describe('a conversation', () => {
  const message = (id: string, more: string) =>
    `From: a@b.test\r\nMessage-ID: <${id}@b.test>\r\n${more}Subject: ${more ? 'Re: ' : ''}Lunch\r\n\r\nHello\r\n`;

  it.each([140, 141, 160, 161] as const)(
    'has one id for all its mails, in bytes, version %i [MS-ASCON R74 R76 R79 R81 R195 R196] [MS-ASEMAIL R343 R348 R350 R1003]',
    async (version) => {
      const person: Person = await shared.person();
      const unique = `${version}-${Math.floor(performance.now())}`;
      await person.deliver(message(`one${unique}`, ''));
      await person.deliver(
        message(`two${unique}`, `In-Reply-To: <one${unique}@b.test>\r\nReferences: <one${unique}@b.test>\r\n`),
      );
      await person.deliver('From: a@b.test\r\nSubject: Quite another matter\r\n\r\nHello\r\n');
      const phone = person.phone({ version });
      await phone.start();
      await phone.drain(phone.inbox);
      const mails = [...phone.inbox.items.values()];
      const ids = mails.map(({ ConversationId }) => Buffer.from(ConversationId!).toString('hex'));
      expect(new Set(ids).size).toBe(2);
      for (const { ConversationIndex, ConversationId } of mails) {
        expect(ConversationId).toBeInstanceOf(Uint8Array);
        expect(ConversationIndex!.length).toBeGreaterThanOrEqual(5);
      }
    },
  );

  it('is nothing that 12.1 hears of', async () => {
    const { mail } = await shown('plain', [], 121);
    expect(mail.ConversationId).toBeUndefined();
    expect(mail.ConversationIndex).toBeUndefined();
  });
});

describe('AllOrNone', () => {
  it('decides whether a body that does not fit is retrieved [MS-ASAIRS R54 R377 R379 R382 R421 R424]', async () => {
    const retrieved = async (size: number, more: object) => {
      const { mail } = await shown('html', [preference({ Type: 2, TruncationSize: size, ...more })]);
      return mail.Body!.Data !== undefined;
    };
    expect(await retrieved(100_000, { AllOrNone: 1 })).toBe(true);
    expect(await retrieved(100, { AllOrNone: 1 })).toBe(false);
    expect(await retrieved(100, { AllOrNone: 0 })).toBe(true);
    expect(await retrieved(100_000, { AllOrNone: 0 })).toBe(true);
    expect(await retrieved(100, {})).toBe(true);
    expect(await retrieved(100_000, {})).toBe(true);
  });

  it('left out of a BodyPartPreference retrieves what fits [MS-ASAIRS R408 R411]', async () => {
    for (const size of [100, 100_000]) {
      const { mail } = await shown('html', [part({ Type: 2, TruncationSize: size })]);
      expect(mail.BodyPart!.Data).toBeDefined();
      expect(mail.BodyPart!.Status).toBe(1);
    }
  });
});
