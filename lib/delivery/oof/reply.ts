import type { Account } from '../../identity/types.ts';
import { declareUtf8, htmlToPlain } from '../../mail/html.ts';
import { mailbox, mailDate } from '../../mail/outgoing.ts';
import { field, fieldValue, joinMessage, type RawField } from '../../mail/raw-message.ts';
import type { OofMessage } from './settings.ts';

export interface ReplyInput {
  readonly account: Account;
  /** Whom it goes to. */
  readonly to: string;
  /** The header of what is answered. */
  readonly fields: readonly RawField[];
  readonly message: OofMessage;
  readonly id: string;
  readonly now: number;
  readonly hostname: string;
}

const SUBJECT_CHARS = 200;
/** Ids of a thread that are repeated: the first and the last ones. */
const REFERENCES = 20;
const PLAIN_CHARS = 200_000;

/** The automatic reply of a person who is away (RFC 3834 3). */
export function oofReply({ account, to, fields, message, id, now, hostname }: ReplyInput): Buffer {
  const value = (name: string) => {
    const found = fields.find((one) => one.name === name);
    return found ? fieldValue(found) : '';
  };
  const subject = value('subject').slice(0, SUBJECT_CHARS);
  const messageId = /<[^<>\s]+>/.exec(value('message-id'))?.[0];
  const head = [
    field('Date', mailDate(now)),
    field('From', mailbox(account.name, account.address)),
    field('To', to),
    field('Subject', subject === '' ? 'Automatic reply' : `Automatic reply: ${subject}`),
    field('Message-ID', `<oof.${id}@${hostname}>`),
    ...(messageId
      ? [
          field('In-Reply-To', messageId),
          field('References', thread(value('references'), value('in-reply-to'), messageId)),
        ]
      : []),
    // RFC 3834 5: no machine answers this one. Exchange reads its own field before that.
    field('Auto-Submitted', 'auto-replied'),
    field('X-Auto-Response-Suppress', 'All'),
    field('MIME-Version', '1.0'),
  ];
  const body = message.html ? bothForms(message.text, id) : part('plain', message.text);
  const type = { name: 'content-type', line: body.slice(0, body.indexOf('\r\n\r\n')) };
  return joinMessage({
    fields: [...head, type],
    body: Buffer.from(body.slice(body.indexOf('\r\n\r\n') + 4), 'latin1'),
  });
}

/** RFC 5322 3.6.4: the thread so far and what is answered. In-Reply-To stands for it where it names one message. */
function thread(references: string, inReplyTo: string, messageId: string): string {
  const ids = (text: string) => text.match(/<[^<>\s]{1,250}>/g) ?? [];
  const before = ids(references);
  const parents = before.length > 0 ? before : ids(inReplyTo).length === 1 ? ids(inReplyTo) : [];
  const all = [...parents.filter((id) => id !== messageId), messageId];
  return (all.length > REFERENCES ? [all[0]!, ...all.slice(1 - REFERENCES)] : all).join(' ');
}

/** Base64: what a person wrote never has a line that a server would fold or a byte that it would change. */
function part(subtype: 'plain' | 'html', text: string): string {
  const lines = Buffer.from(text, 'utf8')
    .toString('base64')
    .replace(/.{76}(?=.)/g, '$&\r\n');
  return `Content-Type: text/${subtype}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${lines}\r\n`;
}

function bothForms(html: string, id: string): string {
  const boundary = `=_oof_${id}`;
  const parts = [part('plain', htmlToPlain(html, PLAIN_CHARS)), part('html', declareUtf8(html))];
  const body = parts.map((one) => `--${boundary}\r\n${one}`).join('');
  return `Content-Type: multipart/alternative; boundary="${boundary}"\r\n\r\n${body}--${boundary}--\r\n`;
}
