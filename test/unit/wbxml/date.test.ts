import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatCompactDate, formatDate, parseDate } from '../../../lib/wbxml/date.ts';

const noon = Date.UTC(2026, 0, 15, 12);
const anyTime = fc.integer({ min: Date.UTC(1601, 0, 1), max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) });

describe('dates', () => {
  test('are written in both forms [MS-ASDTYPE R15 R16 R12213]', () => {
    expect(formatDate(noon)).toBe('2026-01-15T12:00:00.000Z');
    expect(formatCompactDate(noon)).toBe('20260115T120000Z');
    expect(formatDate(noon + 3_723_004)).toBe('2026-01-15T13:02:03.004Z');
    expect(formatDate(noon + 36_610_010)).toBe('2026-01-15T22:10:10.010Z');
    expect(formatDate(noon + 100)).toBe('2026-01-15T12:00:00.100Z');
    expect(formatDate(-1)).toBe('1969-12-31T23:59:59.999Z');
  });

  test('are written from the first to the last that have four digits', () => {
    expect(formatDate(Date.UTC(9999, 11, 31, 23, 59, 59, 999))).toBe('9999-12-31T23:59:59.999Z');
    expect(formatDate(-62_167_219_200_000)).toBe('0000-01-01T00:00:00.000Z');
    expect(() => formatDate(-62_167_219_200_001)).toThrow(RangeError);
    expect(() => formatDate(Date.UTC(10_000, 0, 1))).toThrow(RangeError);
  });

  test('are written as the platform writes them, in any order of days', () => {
    fc.assert(
      fc.property(anyTime, (time) => {
        expect(formatDate(time)).toBe(new Date(time).toISOString());
        expect(formatCompactDate(time)).toBe(new Date(time).toISOString().replace(/[-:]|\.\d+/g, ''));
      }),
    );
  });

  test('come back from what was written', () => {
    fc.assert(
      fc.property(anyTime, (time) => {
        expect(parseDate(formatDate(time))).toBe(time);
        expect(parseDate(formatCompactDate(time))).toBe(Math.floor(time / 1000) * 1000);
      }),
    );
  });

  test.each([
    ['2026-01-15T12:00:00Z', noon],
    ['2026-01-15T12:00:00.5Z', noon + 500],
    ['2026-01-15T12:00:00.1234567Z', noon + 123],
    ['20260115T120000.000Z', noon],
    ['2024-02-29T00:00:00.000Z', Date.UTC(2024, 1, 29)],
    ['0001-01-01T00:00:00.000Z', -62_135_596_800_000],
  ])('%s is one', (text, time) => {
    expect(parseDate(text)).toBe(time);
  });

  test.each([
    '',
    'now',
    '2026-01-15',
    '2026-01-15T12:00:00',
    '2026-01-15T12:00:00+01:00',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-15T24:00:00Z',
    '2026-01-15T12:60:00Z',
    '2026-01-15T12:00:60Z',
    '2026-01-15 12:00:00Z',
    '2026-01-15T12:00:00.Z',
    'x2026-01-15T12:00:00Z',
    '2026-01-15T12:00:00Zx',
    '１2026-01-15T12:00:00Z',
  ])('%j is none', (text) => {
    expect(parseDate(text)).toBeUndefined();
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15, -8.64e15])('%s cannot be written', (time) => {
    expect(() => formatDate(time)).toThrow(RangeError);
    expect(() => formatCompactDate(time)).toThrow(RangeError);
  });
});
