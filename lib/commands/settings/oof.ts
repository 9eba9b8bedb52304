import {
  AUDIENCES,
  type Audience,
  type OofChange,
  type OofMessage,
  type OofSettings,
} from '../../delivery/oof/settings.ts';
import type { SettingsRequest, SettingsResponse } from '../../documents/settings.ts';
import { htmlToPlain, plainToHtml } from '../../mail/html.ts';
import { utf8Length } from '../../mail/text.ts';
import { SettingsFailed, Status } from './status.ts';

type Set = NonNullable<NonNullable<SettingsRequest['Oof']>['Set']>;
type Get = NonNullable<NonNullable<SettingsResponse['Oof']>['Get']>;
type Message = NonNullable<Set['OofMessage']>[number];

/** Bytes of one reply: it goes out again and again. */
const MOST_BYTES = 32 * 1024;
const TAGS = {
  internal: 'AppliesToInternal',
  known: 'AppliesToExternalKnown',
  unknown: 'AppliesToExternalUnknown',
} as const satisfies Readonly<Record<Audience, keyof Message>>;

/**
 * What a Set asks for; what it does not mention stays.
 * @throws SettingsFailed 2 for half a time or an unknown state, 5 for a text that is none or too long and for an absence
 *   without times, 6 for one that ends before it begins
 */
export function changeOf(set: Set, before: OofSettings): OofChange {
  const { StartTime: start, EndTime: end, OofState } = set;
  // R2272, R3992: one end of a time is none.
  if ((start === undefined) !== (end === undefined)) throw new SettingsFailed(Status.ProtocolError);
  const state = OofState ?? before.state;
  if (state !== 0 && state !== 1 && state !== 2) throw new SettingsFailed(Status.ProtocolError);
  // R3535: times that belong to no such state are well received, and forgotten (R7544).
  const times = state === 2 ? { start: start ?? before.start, end: end ?? before.end } : {};
  if (state === 2 && (times.start === undefined || times.end === undefined)) {
    throw new SettingsFailed(Status.InvalidArguments);
  }
  if (state === 2 && times.end! <= times.start!) throw new SettingsFailed(Status.ConflictingArguments);
  const messages: Partial<Record<Audience, OofMessage>> = {};
  for (const message of set.OofMessage ?? []) {
    const audiences = AUDIENCES.filter((audience) => message[TAGS[audience]]);
    if (audiences.length === 0) throw new SettingsFailed(Status.ProtocolError);
    for (const audience of audiences) messages[audience] = messageOf(message);
  }
  return { state, ...times, messages };
}

function messageOf({ Enabled = false, ReplyMessage: text = '', BodyType = 'Text' }: Message): OofMessage {
  const type = BodyType.trim().toLowerCase();
  if (type !== 'text' && type !== 'html') throw new SettingsFailed(Status.InvalidArguments);
  if (utf8Length(text) > MOST_BYTES) throw new SettingsFailed(Status.InvalidArguments);
  return { enabled: Enabled, text, html: type === 'html' };
}

/** All three audiences, also those that get no reply (R3505), in the form that was asked for. */
export function shownOof({ state, start, end, messages }: OofSettings, bodyType: string | undefined): Get {
  const wanted = bodyType?.trim().toLowerCase();
  const OofMessage = AUDIENCES.map((audience): Message => {
    const { enabled: Enabled, text, html } = messages[audience];
    const applies = { ...NONE, [TAGS[audience]]: true, Enabled };
    if (text === '') return applies;
    const asHtml = wanted === 'html' || (wanted !== 'text' && html);
    // R826: the type stands with every text.
    return { ...applies, ReplyMessage: inForm(text, html, asHtml), BodyType: asHtml ? 'HTML' : 'Text' };
  });
  return { OofState: state, StartTime: start, EndTime: end, OofMessage };
}

const NONE = { AppliesToInternal: false, AppliesToExternalKnown: false, AppliesToExternalUnknown: false };

function inForm(text: string, html: boolean, asHtml: boolean): string {
  if (html === asHtml) return text;
  return asHtml ? plainToHtml(text) : htmlToPlain(text, MOST_BYTES);
}
