import { expect, test } from 'vitest';
import { NO_DATA, parseInterval } from '../../../../lib/commands/resolve-recipients/availability.ts';

const HALF_HOUR = 1_800_000;
const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 15, 10);
const from = '2026-01-15T10:00:00.000Z';
const after = (ms: number) => new Date(START + ms).toISOString();

test.each<[string, string, string | undefined, number | undefined]>([
  ['a week where no end is named [MS-ASCMD R2265]', from, undefined, 7 * DAY],
  ['with space around it', ` ${from}\n`, ` ${after(DAY)} `, DAY],
  ['half an hour', from, after(HALF_HOUR), HALF_HOUR],
  ['less [MS-ASCMD R2264 R2266]', from, after(HALF_HOUR - 1000), undefined],
  ['an end before its start', from, after(-DAY), undefined],
  ['42 days', from, after(42 * DAY), 42 * DAY],
  ['more [MS-ASCMD R3986]', from, after(42 * DAY + 1000), undefined],
  ['a start that is none', 'tomorrow', after(DAY), undefined],
  ['a start that is none, without an end', 'tomorrow', undefined, undefined],
  ['an end that is none', from, 'tomorrow', undefined],
])('an interval of %s', (_, start, end, length) => {
  const expected = length === undefined ? undefined : { start: START, end: START + length };
  expect(parseInterval(start, end)).toEqual(expected);
});

test('nothing is known of each half hour that begins within an interval', async () => {
  const told = (ms: number) => NO_DATA({ start: START, end: START + ms });
  expect(await told(HALF_HOUR)).toBe('4');
  expect(await told(HALF_HOUR + 1)).toBe('44');
  expect(await told(4 * HALF_HOUR)).toBe('4444');
});
