import { expect, test } from 'vitest';
import { isAutomatic } from '../../../lib/mail/automatic.ts';
import { splitMessage } from '../../../lib/mail/raw-message.ts';

test.each([
  ['Auto-Submitted: auto-replied', true],
  ['Auto-Submitted: auto-generated; type=x', true],
  ['Auto-Submitted: no', false],
  ['AUTO-SUBMITTED: NO', false],
  ['Auto-Submitted: no; owner=x', false],
  ['Auto-Submitted: no (a person)', false],
  ['Auto-Submitted: nobody', true],
  ['Precedence: bulk', true],
  ['Precedence: List', true],
  ['Precedence: junk', true],
  ['Precedence: first-class', false],
  ['Precedence: bulky', false],
  ['Content-Type: multipart/report; report-type=delivery-status', true],
  ['Content-Type: multipart/reports', false],
  ['Content-Type: multipart/mixed', false],
  ['List-Id: <list.example.test>', true],
  ['List-Unsubscribe: <mailto:x@example.test>', true],
  ['List-Price: 5', false],
  ['X-List-Id: <list.example.test>', false],
  ['Subject: Auto-Submitted: auto-replied', false],
])('%s: automatic %s', (line, expected) => {
  expect(isAutomatic(splitMessage(Buffer.from(`From: a@example.test\r\n${line}\r\n\r\nx`))!.fields)).toBe(expected);
});

test('one such field among many is enough', () => {
  const lines = ['From: a@example.test', 'Precedence: first-class', 'List-Post: NO', 'To: b@example.test'];
  expect(isAutomatic(splitMessage(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`))!.fields)).toBe(true);
  expect(isAutomatic([])).toBe(false);
});
