import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { durationMs, parseCalendar, timeOf } from '../../../../lib/mail/calendar/component.ts';
import { globalObjectId } from '../../../../lib/mail/calendar/global-object-id.ts';
import { readMeeting } from '../../../../lib/mail/calendar/meeting.ts';
import { recurrenceOf } from '../../../../lib/mail/calendar/recurrence.ts';

const fallback = { uid: 'fallback', received: 1000 };
const event = (...lines: string[]) =>
  ['BEGIN:VCALENDAR', 'METHOD:REQUEST', 'BEGIN:VEVENT', ...lines, 'END:VEVENT', 'END:VCALENDAR'].join('\r\n');
const read = (...lines: string[]) => readMeeting(event(...lines), fallback)?.meeting;

describe('a meeting', () => {
  test('that says next to nothing has what every meeting must have', () => {
    expect(read('SUMMARY:x')).toEqual({
      uid: 'fallback',
      allDay: false,
      stamp: 1000,
      instance: 0,
      responseRequested: true,
      sensitivity: 0,
      busy: 2,
      timeZone: expect.any(String),
      noCounter: false,
      messageType: 1,
    });
  });

  test.each([
    ['DTEND', ['DTSTART:20260101T100000Z', 'DTEND:20260101T113000Z'], 90],
    ['DURATION', ['DTSTART:20260101T100000Z', 'DURATION:PT2H'], 120],
    ['neither', ['DTSTART:20260101T100000Z'], 0],
    ['neither, a day', ['DTSTART;VALUE=DATE:20260101'], 1440],
    ['an end before its start', ['DTSTART:20260101T100000Z', 'DTEND:20250101T100000Z'], 0],
  ])('ends by %s', (_, lines, minutes) => {
    const meeting = read(...lines)!;
    expect((meeting.end! - meeting.start!) / 60_000).toBe(minutes);
  });

  test('of a series with exceptions is the series', () => {
    const text = event('UID:1', 'RECURRENCE-ID:20260101T100000Z', 'DTSTART:20260101T110000Z').replace(
      'END:VCALENDAR',
      'BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T100000Z\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\nEND:VCALENDAR',
    );
    expect(readMeeting(text, fallback)!.meeting).toMatchObject({ instance: 1, recurrence: { type: 0 } });
  });

  test('is none of what is no calendar, however it is broken', () => {
    for (const text of [
      '',
      'x',
      'BEGIN:VCARD\r\nEND:VCARD',
      'BEGIN:VCALENDAR\r\nEND:VCALENDAR',
      event('RRULE:FREQ=FOO'),
    ]) {
      expect(() => readMeeting(text, fallback)).not.toThrow();
    }
    expect(readMeeting('x'.repeat(300_000), fallback)).toBeUndefined();
  });

  test('never throws', () => {
    const line = fc.tuple(
      fc.constantFrom(
        'DTSTART',
        'DTEND',
        'RRULE',
        'UID',
        'DURATION',
        'SEQUENCE',
        'ORGANIZER',
        'DTSTART;TZID=X',
        'LOCATION',
      ),
      fc.oneof(fc.string(), fc.constantFrom('20260101T100000Z', 'FREQ=MONTHLY;BYDAY=9XX', 'PT99999999H', '-1')),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const text = event(...lines.map(([name, value]) => `${name}:${value.replace(/[\r\n]/g, ' ')}`));
        const found = readMeeting(text, fallback);
        if (found) expect(found.meeting.timeZone).toHaveLength(232);
      }),
    );
  });
});

test('durations are read as RFC 5545 writes them', () => {
  expect(['PT15M', '-P1D', 'P1W', 'P1DT2H3M4S', '+PT0S'].map(durationMs)).toEqual([
    900_000, -86_400_000, 604_800_000, 93_784_000, 0,
  ]);
  expect(['', 'P', '15M', 'PT1Y', undefined].map(durationMs)).toEqual(Array(5).fill(undefined));
});

test('times that are none are none', () => {
  for (const text of ['', '20260101', '2026-13-01', '2026-01-32T00:00:00', '2026-01-01T25:00:00', undefined]) {
    expect(timeOf(text)).toBeUndefined();
  }
  expect(parseCalendar('BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR')!.text('version')).toBe('2.0');
});

test('rules that the protocol cannot say are none', () => {
  const start = { year: 2026, month: 1, day: 15, hour: 9, minute: 0, second: 0 };
  for (const rule of [
    { freq: 'HOURLY' },
    { freq: 'DAILY', byhour: 3 },
    { freq: 'YEARLY', byweekno: 3 },
    { freq: 'YEARLY', bymonth: [1, 2] },
    { freq: 'MONTHLY', bymonthday: [1, 15] },
    { freq: 'MONTHLY', bymonthday: -2 },
    { freq: 'MONTHLY', byday: ['1MO', '2TU'] },
    { freq: 'WEEKLY', byday: 'XX' },
  ]) {
    expect(recurrenceOf(rule, start, undefined), JSON.stringify(rule)).toBeUndefined();
  }
  expect(recurrenceOf({ freq: 'MONTHLY', bymonthday: -1 }, start, undefined)).toMatchObject({
    type: 3,
    dayOfWeek: 127,
    weekOfMonth: 5,
  });
  expect(recurrenceOf({ freq: 'DAILY', byday: ['MO', 'FR'] }, start, undefined)).toMatchObject({
    type: 1,
    dayOfWeek: 34,
  });
});

test('an id is made of any UID, and of half an Outlook id as of any other', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 100 }), (uid) => {
      const bytes = Buffer.from(globalObjectId(uid), 'base64');
      expect(bytes.readUInt32LE(36)).toBe(bytes.length - 40);
    }),
  );
  const half = '040000008200e00074c5b7101a82e008'.padEnd(90, '0');
  expect(Buffer.from(globalObjectId(half), 'base64').toString('latin1', 40, 48)).toBe('vCal-Uid');
});
