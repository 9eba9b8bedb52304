/** What the organizer is told: from 16.0 on the server mails it (MS-ASCMD R6062), up to 14.1 the client does. */
import { encodeWord } from 'nodemailer/lib/mime-funcs';
import { parseAddress } from '../../identity/names.ts';
import { parseAddresses } from '../../mail/addresses.ts';
import type { BodyBlobs } from '../../mail/body.ts';
import { type MeetingReply, type ReplyInput, replyTo } from '../../mail/calendar/reply.ts';
import { decodeText } from '../../mail/charset.ts';
import { composeContent } from '../../mail/compose.ts';
import { htmlToPlain } from '../../mail/html.ts';
import { mailbox } from '../../mail/outgoing.ts';
import { field, type RawMessage } from '../../mail/raw-message.ts';
import type { EmailContent } from '../../mail/types.ts';
import type { CommandContext } from '../../protocol/command.ts';
import { withThread } from '../compose/derive.ts';
import { owns } from '../compose/submit.ts';

/** SendResponse of a request. */
export interface Wish {
  readonly Body?: { readonly Type?: number; readonly Data?: unknown };
  readonly ProposedStartTime?: number;
  readonly ProposedEndTime?: number;
}

const SUBJECT = { 1: 'Accepted', 2: 'Tentative', 3: 'Declined' } as const;
const CALENDAR: ReadonlySet<string> = new Set(['text/calendar', 'application/ics']);
const HTML = 2;
const MAX_SUBJECT = 200;
const MAX_HTML_CHARS = 256 * 1024;

/** Who invites: the calendar's word, or the author of the mail where it has none. */
export function organizerOf({ meeting, from }: EmailContent): { readonly name: string; readonly address: string } {
  const named = parseAddresses(meeting?.organizer ? [meeting.organizer] : []).find(({ address }) => address !== '');
  return named ?? parseAddresses([from])[0] ?? { name: '', address: '' };
}

/** The reply as a message; `undefined` where the invitation's own calendar is gone or no longer read. */
export async function replyMessage(
  context: CommandContext,
  content: EmailContent,
  response: ReplyInput['response'],
  wish: Wish,
  blobs: BodyBlobs,
): Promise<RawMessage | undefined> {
  const { account, clock } = context;
  const part = content.attachments.find(({ contentType }) => CALENDAR.has(contentType));
  const bytes = part && (await blobs.get(part.blob));
  if (!bytes) return undefined;
  const said = typeof wish.Body?.Data === 'string' ? wish.Body.Data : '';
  const html = wish.Body?.Type === HTML && said !== '' ? said : undefined;
  const text = html === undefined ? said : htmlToPlain(html, MAX_HTML_CHARS);
  const organizer = organizerOf(content);
  const reply = replyTo(decodeText(bytes, undefined), {
    attendee: { address: account.address, name: account.name, owns: (address) => owns(account, address) },
    organizer,
    response,
    now: clock.now(),
    comment: text,
    proposed: proposedOf(wish),
  });
  if (!reply) return undefined;
  const composed = await composeContent({ text, html }, [], [calendarForm(reply)]);
  const prefix = reply.method === 'COUNTER' ? 'New Time Proposed' : SUBJECT[response];
  const fields = [
    field('From', mailbox(account.name, parseAddress(reply.from) ?? account.address)),
    field('To', mailbox(organizer.name, organizer.address)),
    field('Subject', inAscii(`${prefix}: ${[...content.subject].slice(0, MAX_SUBJECT).join('')}`)),
    ...composed.fields,
  ];
  return withThread({ fields, body: composed.body }, content, clock.now());
}

const calendarForm = ({ method, calendar }: MeetingReply) => ({
  contentType: `text/calendar; charset=utf-8; method=${method}`,
  content: calendar,
});

const inAscii = (text: string) => (/^\p{ASCII}*$/u.test(text) ? text : encodeWord(text, 'B', 50));

/** Each of the two needs the other (MS-ASCMD 2.2.3.140, 2.2.3.141). */
function proposedOf({ ProposedStartTime: start, ProposedEndTime: end }: Wish): ReplyInput['proposed'] {
  return start !== undefined && end !== undefined && end >= start ? { start, end } : undefined;
}
