import { describe, expect, test } from 'vitest';
import { parseDate, receivedDate, sentDate } from '../../../lib/mail/dates.ts';
import { Headers } from '../../../lib/mail/headers.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const headers = (fields: Record<string, string>) =>
  new Headers(Object.entries(fields).map(([key, value]) => ({ key, value })));

describe('a date', () => {
  test.each([
    ['Tue, 13 Jan 2026 09:30:00 +0100', Date.UTC(2026, 0, 13, 8, 30)],
    ['Tue, 13 Jan 2026 09:30:00 +0100 (CET)', Date.UTC(2026, 0, 13, 8, 30)],
    ['13 Jan 26 09:30 GMT (open', Date.UTC(2026, 0, 13, 9, 30)],
    ['Thu, 1 Jan 1970 00:00:00 +0000', undefined],
    ['Mon, 99 Foo 2026', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s', (text, expected) => {
    expect(parseDate(text)).toBe(expected);
  });
});

describe('the date of receipt', () => {
  const date = 'Tue, 13 Jan 2026 09:30:00 +0000';
  const trace = 'from a by b; with (x); Wed, 14 Jan 2026 01:00:00 +0000';

  test('is what the last server wrote, then what the sender wrote, then now', () => {
    expect(receivedDate(headers({ received: trace, date }), { now: NOW })).toBe(Date.UTC(2026, 0, 14, 1));
    expect(receivedDate(headers({ received: 'from a; garbage', date }), { now: NOW })).toBe(
      Date.UTC(2026, 0, 13, 9, 30),
    );
    expect(receivedDate(headers({}), { now: NOW })).toBe(NOW);
    expect(receivedDate(headers({}), { now: NOW, undated: 5 })).toBe(5);
  });

  test('is never in the future', () => {
    const future = headers({ date: 'Fri, 1 Jan 2100 00:00:00 +0000' });
    expect(receivedDate(future, { now: NOW })).toBe(NOW);
    expect(receivedDate(future, { now: NOW, undated: NOW - 5 })).toBe(NOW - 5);
    expect(receivedDate(headers({}), { now: NOW, undated: NOW + 5 })).toBe(NOW);
    expect(sentDate(future, { now: NOW })).toBe(NOW);
  });
});
