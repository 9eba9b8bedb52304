import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Email } from '../../../lib/documents/items/email.ts';
import { parseMessage } from '../../../lib/mail/parse.ts';
import { SMS_CLASS, smsContent, smsElements } from '../../../lib/mail/sms.ts';

const NOW = Date.UTC(2026, 0, 15, 10);
const BOB = '"Bob" [MOBILE:+1 (555) 010-0100]';
const KIM = '"Kim" [MOBILE:+15550200]';
const of = (elements: Email) => smsContent(elements, NOW, 'box/1/mime').content;
const body = (Data: string) => ({ Body: { Type: 1 as const, Data } });

describe('a text message as it is kept', () => {
  test('has its people as they were written, its text whole, and the beginning of it for a subject', () => {
    const text = 'On my way. '.repeat(20);
    const { content, raw } = smsContent({ From: BOB, To: KIM, Read: true, ...body(text) }, NOW, 'box/1/mime');
    expect(content).toMatchObject({
      received: NOW,
      from: BOB,
      to: KIM,
      subject: text.slice(0, 80),
      messageClass: SMS_CLASS,
      importance: 1,
      read: true,
      text: { size: text.length, prefix: text },
      mime: { blob: 'box/1/mime', size: raw.length },
      attachments: [],
    });
  });

  test('is a message that any program reads', async () => {
    const { raw } = smsContent({ From: BOB, To: KIM, Subject: 'Hé', ...body('später\nок') }, NOW, 'b');
    const parsed = await parseMessage(raw, { now: NOW });
    expect([parsed.subject, parsed.text, parsed.received, parsed.degraded]).toEqual([
      'Hé',
      expect.stringMatching(/^später\r?\nок$/),
      NOW,
      undefined,
    ]);
  });

  test.each([
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 1],
    [undefined, 1],
  ])('of the importance %s has %i', (given, kept) => {
    expect(of({ Importance: given }).importance).toBe(kept);
  });

  test('without anything is empty, unread and from nobody', () => {
    expect(of({})).toMatchObject({ from: '', to: '', subject: '', read: false, text: { size: 0, prefix: '' } });
  });

  test('is cut where no text is that long, between characters', () => {
    const { text, subject } = of(body('é'.repeat(5000)));
    expect(text).toEqual({ size: 4096, prefix: 'é'.repeat(2048) });
    expect(subject).toHaveLength(80);
    expect(of(body(`${'x'.repeat(79)}😀`)).subject.isWellFormed()).toBe(true);
    expect(of({ From: 'x'.repeat(9000) }).from).toHaveLength(4096);
  });

  test('has lines that are lines: nobody adds a field by a line break', () => {
    const { raw, content } = smsContent({ From: 'Bob\r\nBcc: all@example.test', Subject: 'a\r\nX: y' }, NOW, 'b');
    expect(
      raw
        .toString()
        .split('\r\n')
        .map((line) => line.split(':')[0]),
    ).not.toContain('Bcc');
    expect(raw.toString()).not.toMatch(/^X:/m);
    expect(content.subject).toBe('a X: y');
  });
});

describe('the conversation of a text', () => {
  test('is the one with a number, whichever side wrote and however the number is', () => {
    const there = of({ From: BOB, To: KIM });
    const back = of({ From: '[MOBILE:+15550200]', To: '+1 555 010 0100' });
    expect(there.conversationId).toMatch(/^[0-9a-f]{32}$/);
    expect(back.conversationId).toBe(there.conversationId);
    expect(there.conversationIndex).toBe(`010000000000${there.conversationId}`);
  });

  test('is another with another number, also where there are only names', () => {
    const ids = [of({ From: BOB }), of({ From: KIM }), of({ From: 'Bank' }), of({ From: 'Post' })];
    const toKim = ['Bank', 'Post', BOB, ''].map((From) => of({ From, To: KIM }));
    expect(new Set([...ids, ...toKim].map(({ conversationId }) => conversationId)).size).toBe(7);
    expect(of({ From: ' BANK ', To: KIM }).conversationId).toBe(toKim[0]!.conversationId);
  });
});

test('a text message is told by these elements of mail, and no others', () => {
  const told: Email = {
    ...{ To: 'a', From: 'b', Subject: 'c', DateReceived: NOW, Importance: 1, Read: false, InternetCPID: '65001' },
    ...{ Flag: {}, ConversationId: Buffer.alloc(16), ConversationIndex: Buffer.alloc(5), LastVerbExecuted: 1 },
    ...{ LastVerbExecutionTime: NOW, Categories: { Category: [] }, Body: { Type: 1, Data: 'x' } },
  };
  const mailOnly: Email = { Cc: 'x', ReplyTo: 'x', DisplayTo: 'x', ThreadTopic: 'x', MessageClass: 'x', Sender: 'x' };
  expect(smsElements({ ...told, ...mailOnly })).toEqual(told);
});

test('any elements make a message and a row', () => {
  const text = fc.option(fc.string({ unit: 'binary', maxLength: 200 }), { nil: undefined });
  fc.assert(
    fc.property(text, text, text, text, (From, To, Subject, Data) => {
      const { content, raw } = smsContent({ From, To, Subject, ...(Data === undefined ? {} : body(Data)) }, NOW, 'b');
      expect(content.mime.size).toBe(raw.length);
      expect(content.text.size).toBe(Buffer.byteLength(content.text.prefix));
      for (const value of [content.from, content.to, content.subject]) expect(value).not.toMatch(/[\r\n\0]/);
    }),
  );
});
