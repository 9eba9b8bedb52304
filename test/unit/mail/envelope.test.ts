import { describe, expect, test } from 'vitest';
import { envelopeOf } from '../../../lib/mail/envelope.ts';
import { Headers } from '../../../lib/mail/headers.ts';
import { MAIL_LIMITS } from '../../../lib/mail/limits.ts';

const NOW = Date.UTC(2026, 0, 15, 12);

/** Fields as `name: value`, in order. */
function read(...fields: readonly string[]) {
  const headers = new Headers(
    fields.map((field) => {
      const colon = field.indexOf(':');
      return { key: field.slice(0, colon).toLowerCase(), value: field.slice(colon + 1).trim() };
    }),
  );
  return envelopeOf(headers, { now: NOW }, MAIL_LIMITS);
}

describe('importance', () => {
  test.each([
    [2, ['Importance: high']],
    [2, ['Importance: High']],
    [0, ['Importance: low']],
    [1, ['Importance: normal']],
    [1, ['Importance: whatever']],
    [2, ['X-Priority: 1 (Highest)']],
    [2, ['X-Priority: 2']],
    [1, ['X-Priority: 3']],
    [0, ['X-Priority: 5']],
    [1, ['X-Priority: none']],
    [2, ['X-MSMail-Priority: High']],
    [2, ['Priority: urgent']],
    [0, ['Priority: non-urgent']],
    [2, ['X-Priority: 5', 'Importance: high']],
    [1, []],
  ] as const)('is %i for %j [MS-ASEMAIL R483]', (expected, fields) => {
    expect(read(...fields).importance).toBe(expected);
  });
});

describe('people', () => {
  test('are the first of From and Sender, and all of To and Cc', () => {
    expect(
      read(
        'From: A <a@x>, B <b@x>',
        'Sender: S <s@x>',
        'To: c@x',
        'To: d@x',
        'Cc: e@x, f@x',
        'Bcc: g@x',
        'From: evil@x',
      ),
    ).toMatchObject({
      from: '"A" <a@x>',
      sender: '"S" <s@x>',
      to: 'c@x, d@x',
      cc: 'e@x, f@x',
      bcc: 'g@x',
      displayTo: 'c@x;d@x',
    });
  });

  test('that write without From are known by their Sender', () => {
    expect(read('Sender: S <s@x>')).toMatchObject({ from: '"S" <s@x>', sender: undefined });
  });

  test('that do not say who they are have no name', () => {
    expect(read('From:', 'To: undisclosed-recipients:;')).toMatchObject({ from: '', to: '', displayTo: '', cc: '' });
  });
});

describe('a subject', () => {
  test.each([
    ['Subject: =?utf-8?Q?a?= =?utf-8?Q?b?=', 'ab'],
    ['Subject: =?iso-8859-1?Q?gr=FCn?= text', 'grün text'],
    ['Subject:   spaced   out  ', 'spaced out'],
    ['Subject: =?utf-8?Q?unfinished', '=?utf-8?Q?unfinished'],
    ['Subject:', ''],
  ])('%s is %j', (field, expected) => {
    expect(read(field).subject).toBe(expected);
  });

  test('is bounded, between two characters', () => {
    const { subject } = read(`Subject: ${'€'.repeat(5_000)}`);
    expect(subject).toBe('€'.repeat(1_365));
  });
});

test('a message is known by its first Message-Id, and only by a real one', () => {
  expect(read('Message-ID: <a@x> <b@x>').messageId).toBe('<a@x>');
  expect(read('Message-ID: none').messageId).toBeUndefined();
  expect(read(`Message-ID: <${'a'.repeat(2_000)}@x>`).messageId).toBeUndefined();
});
