/** The answer to an invitation as calendars exchange it: REPLY and COUNTER of iTIP (RFC 5546 3.2.3 and 3.2.7). */
import { cleanText, cutUtf8 } from '../text.ts';
import { formatCalendar, type JCal, type JCalProperty, mainEvent, parseCalendar } from './component.ts';

/** 1 accepted, 2 tentative, 3 declined: UserResponse of MS-ASCMD 2.2.3.187. */
export type Response = 1 | 2 | 3;

export interface ReplyInput {
  /** Whom the reply is from: whether an address is his, and which he has if none of the invited ones is. */
  readonly attendee: { readonly address: string; readonly name: string; owns(address: string): boolean };
  readonly organizer: { readonly address: string; readonly name: string };
  readonly response: Response;
  /** Epoch milliseconds. */
  readonly now: number;
  /** What he says to it, in plain text. */
  readonly comment?: string;
  /** Another time that he asks for, epoch milliseconds. */
  readonly proposed?: { readonly start: number; readonly end: number };
}

export interface MeetingReply {
  readonly method: 'REPLY' | 'COUNTER';
  readonly calendar: string;
  /** The address that was invited. */
  readonly from: string;
}

const PARTSTAT = { 1: 'ACCEPTED', 2: 'TENTATIVE', 3: 'DECLINED' } as const;
const MAX_COMMENT_BYTES = 4096;
/** What an organizer's calendar knows the meeting by, and what those show that do not know it. */
const KEPT = ['uid', 'recurrence-id', 'sequence', 'summary', 'dtstart', 'dtend', 'duration'];
/** A proposal has a time of its own. */
const TIMES = new Set(['dtstart', 'dtend', 'duration']);

/** `undefined` where the invitation is no calendar with an event that has an id. */
export function replyTo(invitation: string, input: ReplyInput): MeetingReply | undefined {
  const calendar = parseCalendar(invitation);
  const event = calendar && mainEvent(calendar);
  if (!calendar || !event?.text('uid')) return undefined;
  const { attendee, organizer, proposed } = input;
  const invited = event.properties('attendee').map((one) => addressOf(one.text));
  const from = invited.find((address) => attendee.owns(address)) ?? attendee.address;
  const kept = KEPT.filter((name) => !proposed || !TIMES.has(name)).flatMap((name) => {
    const property = event.property(name);
    return property ? [property.jCal] : [];
  });
  const comment = cutUtf8(cleanText(input.comment ?? '').trim(), MAX_COMMENT_BYTES);
  const properties: JCalProperty[] = [
    ...kept,
    time('dtstamp', input.now),
    person('organizer', organizer),
    person('attendee', { address: from, name: attendee.name }, { partstat: PARTSTAT[input.response] }),
    ...(comment === '' ? [] : [['comment', {}, 'text', comment] satisfies JCalProperty]),
    ...(proposed ? [time('dtstart', proposed.start), time('dtend', proposed.end)] : []),
  ];
  const method = proposed ? 'COUNTER' : 'REPLY';
  const head: JCalProperty[] = [
    ['prodid', {}, 'text', '-//Direct Push//EN'],
    ['version', {}, 'text', '2.0'],
    ['method', {}, 'text', method],
  ];
  // Times that are told in a zone are none without it.
  const zones = kept.some(([, { tzid }]) => tzid !== undefined) ? calendar.all('vtimezone') : [];
  const whole: JCal = ['vcalendar', head, [...zones.map(({ jCal }) => jCal), ['vevent', properties, []]]];
  return { method, calendar: formatCalendar(whole), from };
}

const addressOf = (text: string | undefined) => (text ?? '').replace(/^mailto:/i, '').trim();

/** RFC 5545 has second precision. */
function time(name: string, ms: number): JCalProperty {
  return [name, {}, 'date-time', new Date(ms).toISOString().replace(/\.\d+/, '')];
}

function person(
  name: string,
  { address, name: called }: { readonly address: string; readonly name: string },
  parameters: Record<string, string> = {},
): JCalProperty {
  const cn: Record<string, string> = called === '' ? {} : { cn: called.replace(/["\p{Cc}]/gu, ' ') };
  return [name, { ...parameters, ...cn }, 'cal-address', `mailto:${address.replace(/\p{Cc}/gu, '')}`];
}
