import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCalendar, timeOf } from '../../../../lib/mail/calendar/component.ts';
import { asUtc, type LocalTime } from '../../../../lib/mail/calendar/types.ts';
import { namedZone, toUtc, UTC, zoneStructure } from '../../../../lib/mail/calendar/zone.ts';
import { zoneOf } from '../../../../lib/mail/calendar/zone-of.ts';

const at = (month: number, day: number, hour = 12): LocalTime => ({
  year: 2026,
  month,
  day,
  hour,
  minute: 0,
  second: 0,
});
const hours = (zone: string, time: LocalTime) => (asUtc(time) - toUtc(time, namedZone(zone, 2026)!)) / 3_600_000;

describe('a zone of the tz database', () => {
  test.each([
    ['Europe/Berlin', 1, 2],
    ['America/New_York', -5, -4],
    ['Australia/Sydney', 11, 10],
    ['Asia/Kolkata', 5.5, 5.5],
    ['UTC', 0, 0],
  ])('%s is %d hours off in January and %d in July', (zone, january, july) => {
    expect(hours(zone, at(1, 15))).toBe(january);
    expect(hours(zone, at(7, 15))).toBe(july);
  });

  test('changes on the days on which its clocks do', () => {
    expect(namedZone('Europe/Berlin', 2026)!.daylight).toEqual({
      offset: 120,
      begins: { month: 3, weekday: 0, week: 5, hour: 2, minute: 0 },
      ends: { month: 10, weekday: 0, week: 5, hour: 3, minute: 0 },
    });
    expect(namedZone('America/New_York', 2026)!.daylight).toMatchObject({
      begins: { month: 3, week: 2, hour: 2 },
      ends: { month: 11, week: 1, hour: 2 },
    });
  });

  test('is none for what nobody calls a zone', () => {
    for (const name of ['', 'Nowhere/Land', '../etc', 'x'.repeat(200), 'W. Europe Standard Time']) {
      expect(namedZone(name, 2026)).toBeUndefined();
    }
  });

  test('reads the time of every hour as Intl does, but for the hours that clocks skip or repeat', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Sydney', 'America/Sao_Paulo', 'Asia/Tokyo'];
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 8759 }), (name, hour) => {
        const utc = Date.UTC(2026, 0, 1) + hour * 3_600_000;
        const parts = new Intl.DateTimeFormat('en-US', {
          timeZone: name,
          hourCycle: 'h23',
          ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric' },
        } as Intl.DateTimeFormatOptions).formatToParts(utc);
        const part = (type: string) => Number(parts.find((one) => one.type === type)!.value);
        const local = { ...at(part('month'), part('day'), part('hour')), year: part('year') };
        const off = Math.abs(toUtc(local, namedZone(name, 2026)!) - utc);
        // Only new year's eve of a zone west of here is another year.
        if (local.year === 2026) expect(off % 3_600_000 === 0 && off <= 3_600_000).toBe(true);
      }),
    );
  });
});

describe('the structure of a zone', () => {
  test('is 172 bytes of zeros but for the name where clocks never change', () => {
    const bytes = Buffer.from(zoneStructure(UTC), 'base64');
    expect(bytes).toHaveLength(172);
    expect(bytes.toString('utf16le', 4, 10)).toBe('UTC');
    expect(bytes.subarray(68, 88).every((byte) => byte === 0)).toBe(true);
  });

  test('cuts names that are too long', () => {
    const bytes = Buffer.from(zoneStructure({ name: 'x'.repeat(100), standard: 60 }), 'base64');
    expect(bytes).toHaveLength(172);
    expect(bytes.readInt32LE(0)).toBe(-60);
    expect(bytes.readUInt16LE(66)).toBe(0);
  });
});

describe('the fields of the structure', () => {
  const LONG = [0, 84, 168];
  const structure = (name: string) => {
    const text = zoneStructure(namedZone(name, 2026)!);
    expect(text).toMatch(/^[A-Za-z0-9+/]+=*$/);
    const bytes = Buffer.from(text, 'base64');
    const [bias, standard, daylight] = LONG.map((place) => bytes.readInt32LE(place));
    return { bytes, bias: bias!, standard: standard!, daylight: daylight! };
  };
  /** Year, month, weekday, week, hour, minute, second and milliseconds of a SYSTEMTIME. */
  const systemTime = (bytes: Buffer, start: number) =>
    Array.from({ length: 8 }, (_, n) => bytes.readUInt16LE(start + n * 2));

  test.each([
    ['Europe/Berlin', 1, 2],
    ['America/New_York', -5, -4],
    ['Australia/Sydney', 10, 11],
    ['Asia/Kolkata', 5.5, 5.5],
  ])('give the offsets of %s, in base64 [MS-ASDTYPE R104 R112 R113 R119 R120 R121]', (name, winter, summer) => {
    const { bias, standard, daylight } = structure(name);
    expect([-(bias + standard) / 60, -(bias + daylight) / 60]).toEqual([winter, summer]);
  });

  test.each([
    ['Europe/Berlin', [0, 10, 0, 5, 3, 0, 0, 0], [0, 3, 0, 5, 2, 0, 0, 0]],
    ['America/New_York', [0, 11, 0, 1, 2, 0, 0, 0], [0, 3, 0, 2, 2, 0, 0, 0]],
    ['Australia/Sydney', [0, 4, 0, 1, 3, 0, 0, 0], [0, 10, 0, 1, 2, 0, 0, 0]],
  ])('give the days on which the clocks of %s change [MS-ASDTYPE R110 R111 R117 R118]', (name, winter, summer) => {
    const { bytes } = structure(name);
    expect([systemTime(bytes, 68), systemTime(bytes, 152)]).toEqual([winter, summer]);
  });

  test.each([4, 88])(
    'have the name at byte %i, and zeros behind it [MS-ASDTYPE R107 R108 R109 R114 R115 R116]',
    (start) => {
      const { bytes } = structure('Europe/Berlin');
      const characters = Array.from({ length: 32 }, (_, n) => bytes.readUInt16LE(start + n * 2));
      const end = characters.indexOf(0);
      expect(String.fromCharCode(...characters.slice(0, end))).toBe('Europe/Berlin');
      expect(new Set(characters.slice(end))).toEqual(new Set([0]));
    },
  );
});

describe('the zone of a time', () => {
  const calendar = (zone: string) =>
    parseCalendar(`BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\n${zone}\nEND:VTIMEZONE\nEND:VCALENDAR`)!;
  const summer = timeOf('2026-07-20T09:00:00', 'Home')!;
  const observance = (kind: string, start: string, to: string, rule = '') =>
    `BEGIN:${kind}\nDTSTART:${start}\nTZOFFSETFROM:+0000\nTZOFFSETTO:${to}\n${rule}END:${kind}`;

  test('is the one that the calendar describes, in force at the time', () => {
    const described = calendar(
      [
        'TZID:Home',
        observance('STANDARD', '19900101T000000', '+0500'),
        observance('STANDARD', '20200101T000000', '+0300'),
      ].join('\n'),
    );
    expect(zoneOf(summer, described).standard).toBe(180);
  });

  test('is UTC where it is said, where nothing is said, and where nobody knows', () => {
    const nothing = calendar('TZID:Other');
    expect(zoneOf(timeOf('2026-07-20T09:00:00Z', 'Home')!, nothing)).toBe(UTC);
    expect(zoneOf(timeOf('2026-07-20T09:00:00')!, nothing)).toBe(UTC);
    expect(zoneOf(summer, nothing)).toEqual({ name: 'Home', standard: 0 });
  });

  test('is that of the tz database where the description ends too early', () => {
    const old = calendar(
      [
        'TZID:Europe/Berlin',
        observance('DAYLIGHT', '19800406T020000', '+0200', 'RRULE:FREQ=YEARLY;UNTIL=19800406T010000Z\n'),
        observance('STANDARD', '19800928T030000', '+0100', 'RRULE:FREQ=YEARLY;UNTIL=19950924T010000Z\n'),
      ].join('\n'),
    );
    expect(zoneOf(timeOf('2026-07-20T09:00:00', 'Europe/Berlin')!, old).daylight?.offset).toBe(120);
  });
});
