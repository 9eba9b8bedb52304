import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Email } from '../../../lib/documents/items/email.ts';
import {
  composeDraft,
  type DraftElements,
  draftBytes,
  editsMessage,
  emptyDraft,
  wholeMessage,
  withElements,
  writtenBody,
} from '../../../lib/mail/draft.ts';
import { parseMessage } from '../../../lib/mail/parse.ts';

const NOW = Date.UTC(2026, 0, 15, 10, 30);
const KIM = { name: 'Kim', address: 'kim@example.test' };
const empty = () => emptyDraft(KIM, 'id@example.test', NOW);
const parsed = (elements: DraftElements, message = empty()) =>
  parseMessage(draftBytes(withElements(message, elements)), { now: NOW });
const lines = (elements: DraftElements) => withElements(empty(), elements).fields.map(({ line }) => line);

test('an empty draft has its author, its time, and the id on which its thread will hang', () => {
  expect(draftBytes(empty()).toString()).toBe(
    [
      'Date: Thu, 15 Jan 2026 10:30:00 +0000',
      'Message-ID: <id@example.test>',
      'From: "Kim" <kim@example.test>',
      'MIME-Version: 1.0',
      '',
      '',
    ].join('\r\n'),
  );
});

describe('a change', () => {
  test.each<[string, Email, boolean]>([
    ['of recipients', { To: 'a@x.test' }, true],
    ['that empties a field', { Cc: '' }, true],
    ['of hidden recipients', { Bcc: 'a@x.test' }, true],
    ['of the subject', { Subject: 'x' }, true],
    ['of the importance', { Importance: 0 }, true],
    ['of the body', { Body: { Type: 1, Data: '' } }, true],
    ['of attachments', { Attachments: {} }, true],
    ['of Read, Flag and Categories', { Read: true, Flag: {}, Categories: { Category: [] } }, false],
    ['of nothing', {}, false],
  ])('%s: of the message %s', (_, change, expected) => {
    expect(editsMessage(change)).toBe(expected);
  });
});

describe('the body that a client wrote', () => {
  test.each<[string, DraftElements, unknown]>([
    ['of plain text', { Body: { Type: 1, Data: 'a\nb' } }, { text: 'a\nb' }],
    ['of HTML, with a plain form', { Body: { Type: 2, Data: '<b>a</b>' } }, { text: 'a', html: '<b>a</b>' }],
    ['that is empty', { Body: { Type: 1 } }, { text: '' }],
    ['that is a whole message', { Body: { Type: 4, Data: 'Subject: x\r\n\r\ny' } }, undefined],
    ['that was left out', {}, undefined],
  ])('%s', (_, elements, expected) => {
    expect(writtenBody(elements)).toEqual(expected);
  });

  test('is a message of its own in type 4, if it is one', () => {
    const whole = wholeMessage({ Body: { Type: 4, Data: 'Subject: é\r\n\r\ny' } });
    expect(draftBytes(whole!).toString()).toBe('Subject: é\r\n\r\ny');
    expect(wholeMessage({ Body: { Type: 4, Data: 'no field\r\n\r\ny' } })).toBeUndefined();
    expect(wholeMessage({ Body: { Type: 4 } })).toBeUndefined();
    expect(wholeMessage({ Body: { Type: 1, Data: 'Subject: x\r\n\r\ny' } })).toBeUndefined();
    expect(wholeMessage({})).toBeUndefined();
  });
});

describe('a draft with other elements', () => {
  test('has the new fields and keeps the others', async () => {
    const first = withElements(empty(), { To: 'a@x.test', Subject: 'one', Importance: 2 });
    const second = await parsed({ To: '"Bob B" <b@x.test>, c@x.test', Cc: 'd@x.test' }, first);
    expect(second).toMatchObject({
      to: '"Bob B" <b@x.test>, c@x.test',
      cc: 'd@x.test',
      subject: 'one',
      importance: 2,
      from: '"Kim" <kim@example.test>',
      messageId: '<id@example.test>',
    });
  });

  test('loses a field by an empty element, and none by one that was left out', () => {
    const full = withElements(empty(), { To: 'a@x.test', Cc: 'b@x.test', Bcc: 'c@x.test', Subject: 's' });
    const names = (elements: DraftElements) =>
      withElements(full, elements)
        .fields.map(({ name }) => name)
        .filter((name) => ['to', 'cc', 'bcc', 'subject'].includes(name));
    expect(names({})).toEqual(['to', 'cc', 'bcc', 'subject']);
    expect(names({ To: '', Cc: ' ', Bcc: '', Subject: '' })).toEqual([]);
  });

  test.each([
    [0, 'low'],
    [1, 'normal'],
    [2, 'high'],
    [7, 'normal'],
  ])('of importance %i says %s, and nothing else of it', (Importance, word) => {
    const before = { ...empty(), fields: [...empty().fields, { name: 'x-priority', line: 'X-Priority: 1' }] };
    const { fields } = withElements(before, { Importance });
    const told = fields.filter(({ name }) => name === 'importance' || name === 'x-priority');
    expect(told.map(({ line }) => line)).toEqual([`Importance: ${word}`]);
  });

  test('keeps what a person has typed so far, though it is no address yet', async () => {
    expect(lines({ To: 'Bob' })).toContain('To: "Bob"');
    expect((await parsed({ To: 'Jürgen, b@x.test' })).to).toBe('Jürgen, b@x.test');
  });

  test('has one recipient to a line, and no line that is too long', () => {
    const To = Array.from({ length: 200 }, (_, n) => `"Person ${n}" <person${n}@example.test>`).join(', ');
    const field = lines({ To, Subject: 'x'.repeat(2000) }).join('\r\n');
    for (const line of field.split('\r\n')) expect(line.length).toBeLessThan(998);
    expect(field.split('\r\n').filter((line) => line.includes('@example.test>'))).toHaveLength(202);
  });

  test('says a subject of any script and length as it was written', async () => {
    for (const Subject of ['Grüße aus 東京', 'ü'.repeat(400), 'x'.repeat(899), 'x'.repeat(1500)]) {
      expect((await parsed({ Subject })).subject).toBe(Subject);
    }
  });

  test('has no field that an element smuggled in', () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('a\r\nBcc: x@x.test'), fc.constant('\n\n<b>'));
    fc.assert(
      fc.property(anything, anything, anything, (To, Cc, Subject) => {
        const bytes = draftBytes(withElements(empty(), { To, Cc, Subject })).toString('latin1');
        const head = bytes.slice(0, bytes.indexOf('\r\n\r\n'));
        const names = head
          .replace(/\r\n[ \t]/g, ' ')
          .split('\r\n')
          .map((line) => line.split(':')[0]);
        const known = new Set(['Date', 'Message-ID', 'From', 'MIME-Version', 'To', 'Cc', 'Subject']);
        expect(names.filter((name) => !known.has(name!))).toEqual([]);
        expect(bytes.endsWith('\r\n\r\n')).toBe(true);
      }),
    );
  });
});

describe('a draft that is composed', () => {
  const file = { name: 'a.txt', contentType: 'text/plain', content: Buffer.from('file'), inline: false };

  test('has its body and files, and its header with one MIME-Version', async () => {
    const message = withElements(empty(), { To: 'a@x.test', Subject: 's' });
    const draft = await composeDraft({ message, body: { text: 'hé' }, enclosures: [file] });
    expect(draft.fields.filter(({ name }) => name === 'mime-version')).toHaveLength(1);
    expect(await parseMessage(draftBytes(draft), { now: NOW })).toMatchObject({
      ...{ text: 'hé', subject: 's', to: 'a@x.test', nativeBody: 1 },
      attachments: [{ name: 'a.txt' }],
    });
  });

  test('again has the new body alone', async () => {
    const first = await composeDraft({ message: empty(), body: { text: 'x', html: '<b>x</b>' }, enclosures: [file] });
    const second = await composeDraft({ message: first, body: { text: 'y' }, enclosures: [] });
    const { text, html, attachments } = await parseMessage(draftBytes(second), { now: NOW });
    expect([text, html, attachments]).toEqual(['y', undefined, []]);
    expect(second.fields.filter(({ name }) => name === 'content-type')).toHaveLength(1);
  });
});
