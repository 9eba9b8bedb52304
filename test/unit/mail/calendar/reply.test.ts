import { describe, expect, test } from 'vitest';
import { parseCalendar } from '../../../../lib/mail/calendar/component.ts';
import { readMeeting } from '../../../../lib/mail/calendar/meeting.ts';
import { type ReplyInput, replyTo } from '../../../../lib/mail/calendar/reply.ts';

const NOW = Date.UTC(2026, 6, 14, 9, 30, 15, 123);
const ZONE = [
  'BEGIN:VTIMEZONE',
  'TZID:Europe/Berlin',
  'BEGIN:STANDARD',
  'DTSTART:19701025T030000',
  'TZOFFSETFROM:+0200',
  'TZOFFSETTO:+0100',
  'END:STANDARD',
  'END:VTIMEZONE',
];
const calendar = (...lines: string[]) =>
  ['BEGIN:VCALENDAR', 'METHOD:REQUEST', ...ZONE, 'BEGIN:VEVENT', ...lines, 'END:VEVENT', 'END:VCALENDAR'].join('\r\n');
const USUAL = ['UID:7@x.test', 'SEQUENCE:3', 'DTSTAMP:20260713T083000Z', 'DTSTART:20260720T070000Z', 'SUMMARY:Review'];
const INPUT: ReplyInput = {
  attendee: { address: 'kim@y.test', name: 'Kim', owns: (address) => /^kim(\.lee)?@y\.test$/i.test(address) },
  organizer: { address: 'ada@x.test', name: 'Ada' },
  response: 1,
  now: NOW,
};
const reply = (lines: readonly string[], over: Partial<ReplyInput> = {}) =>
  replyTo(calendar(...lines), { ...INPUT, ...over })!;
const linesOf = (text: string) => text.replaceAll('\r\n ', '').split('\r\n');

describe('the answer to an invitation', () => {
  test('says who comes to which meeting, as iTIP wants it', () => {
    const {
      method,
      calendar: text,
      from,
    } = reply([...USUAL, 'ATTENDEE:mailto:bob@y.test', 'ATTENDEE:MAILTO:Kim.Lee@y.test']);
    expect([method, from]).toEqual(['REPLY', 'Kim.Lee@y.test']);
    expect(linesOf(text)).toEqual([
      'BEGIN:VCALENDAR',
      'PRODID:-//Direct Push//EN',
      'VERSION:2.0',
      'METHOD:REPLY',
      'BEGIN:VEVENT',
      'UID:7@x.test',
      'SEQUENCE:3',
      'SUMMARY:Review',
      'DTSTART:20260720T070000Z',
      'DTSTAMP:20260714T093015Z',
      'ORGANIZER;CN=Ada:mailto:ada@x.test',
      'ATTENDEE;PARTSTAT=ACCEPTED;CN=Kim:mailto:Kim.Lee@y.test',
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ]);
  });

  test.each([
    [1, 'ACCEPTED'],
    [2, 'TENTATIVE'],
    [3, 'DECLINED'],
  ] as const)('%i is %s', (response, word) => {
    expect(reply(USUAL, { response }).calendar).toContain(`PARTSTAT=${word}`);
  });

  test('is from the account’s own address where none of the invited ones is', () => {
    expect(reply([...USUAL, 'ATTENDEE:mailto:team@y.test']).from).toBe('kim@y.test');
  });

  test('names the occurrence with its zone, and the zone', () => {
    const exception = [...USUAL, 'RECURRENCE-ID;TZID=Europe/Berlin:20260727T090000'];
    const { calendar: text } = reply(exception);
    expect(linesOf(text)).toContain('RECURRENCE-ID;TZID=Europe/Berlin:20260727T090000');
    expect(parseCalendar(text)!.all('vtimezone')).toHaveLength(1);
    expect(parseCalendar(reply(USUAL).calendar)!.all('vtimezone')).toHaveLength(0);
  });

  test('has what was said as its comment, and no comment where nothing was', () => {
    expect(reply(USUAL, { comment: 'Yes, of\ncourse' }).calendar).toContain('COMMENT:Yes\\, of\\ncourse');
    expect(reply(USUAL, { comment: ' \r\n' }).calendar).not.toContain('COMMENT');
  });

  test('with another time is a counter proposal at that time', () => {
    const proposed = { start: Date.UTC(2026, 6, 21, 7), end: Date.UTC(2026, 6, 21, 8) };
    const { method, calendar: text } = reply(USUAL, { response: 2, proposed });
    expect(method).toBe('COUNTER');
    expect(readMeeting(text, { uid: '', received: 0 })!.meeting).toMatchObject({
      uid: '7@x.test',
      start: proposed.start,
      proposedStart: proposed.start,
      proposedEnd: proposed.end,
    });
    expect(text.match(/DTSTART/g)).toHaveLength(1);
  });

  test.each([
    ['no calendar', 'Hello'],
    ['no event', 'BEGIN:VCALENDAR\r\nEND:VCALENDAR'],
    ['no id', calendar('DTSTART:20260720T070000Z')],
  ])('is not given to %s', (_, text) => {
    expect(replyTo(text, INPUT)).toBeUndefined();
  });

  test('has no line that somebody put into a name, an address or a text', () => {
    const hostile = 'x\r\nATTACH:http://evil.test\rSTATUS:CANCELLED';
    const { calendar: text } = reply([...USUAL, 'SUMMARY:a\rSTATUS:CANCELLED'], {
      organizer: { address: `ada@x.test${hostile}`, name: hostile },
      attendee: { ...INPUT.attendee, name: `"${hostile}` },
      comment: hostile,
    });
    expect(text).not.toMatch(/\r(?!\n)/);
    expect(linesOf(text).filter((line) => /^(ATTACH|STATUS)/.test(line))).toEqual([]);
  });
});
