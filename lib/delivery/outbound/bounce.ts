import { mailDate } from '../../mail/outgoing.ts';
import { field, fieldValue, joinMessage, splitMessage } from '../../mail/raw-message.ts';
import type { Queued } from './row.ts';

/** Bytes of the original's header that a bounce repeats. */
const HEADER_BYTES = 32_768;

/**
 * A delivery status notification (RFC 3464) for the recipients that failed. The same row gives the same bytes, so that a
 * bounce that is delivered twice is found to be one.
 * @param domain that it is from, where that is not the host's name
 */
export function bounceOf(
  { id, from, at, failed, failedAt }: Queued,
  raw: Uint8Array,
  hostname: string,
  domain = hostname,
): Buffer {
  const boundary = `=_bounce_${id}`;
  const original = splitMessage(raw)?.fields ?? [];
  const named = (name: string) => original.find((one) => one.name === name);
  const subject = named('subject');
  const messageId = named('message-id');
  const head = [
    field('Date', mailDate(failedAt)),
    field('From', `Mail Delivery System <mailer-daemon@${domain}>`),
    field('To', from),
    field('Subject', subject ? `Undeliverable: ${fieldValue(subject)}` : 'Undeliverable mail'),
    field('Message-ID', `<bounce.${id}.${failedAt}@${hostname}>`),
    ...(messageId ? [field('In-Reply-To', fieldValue(messageId)), field('References', fieldValue(messageId))] : []),
    // RFC 3834: no automatic reply may answer this.
    field('Auto-Submitted', 'auto-replied'),
    field('MIME-Version', '1.0'),
    field('Content-Type', `multipart/report; report-type=delivery-status; boundary="${boundary}"`),
  ];
  const headers = original
    .map(({ line }) => `${line}\r\n`)
    .join('')
    .slice(0, HEADER_BYTES);
  const parts = [
    `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${explanation(failed)}`,
    `Content-Type: message/delivery-status\r\n\r\n${report(failed, { at, failedAt, hostname })}`,
    `Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${headers}`,
  ];
  const text = parts.slice(0, 2).map((part) => Buffer.from(`--${boundary}\r\n${part}\r\n`, 'utf8'));
  const last = Buffer.from(`--${boundary}\r\n${parts[2]}\r\n--${boundary}--\r\n`, 'latin1');
  return joinMessage({ fields: head, body: Buffer.concat([...text, last]) });
}

function explanation(failed: Queued['failed']): string {
  const lines = failed.map(({ address, text }) => `  ${oneLine(address)}\r\n    ${oneLine(text)}`);
  return `Your message was not delivered to:\r\n\r\n${lines.join('\r\n')}\r\n`;
}

function report(
  failed: Queued['failed'],
  { at, failedAt, hostname }: { readonly at: number; readonly failedAt: number; readonly hostname: string },
): string {
  const groups = failed.map(({ address, status, text }) =>
    [
      `Final-Recipient: rfc822; ${oneLine(address)}`,
      'Action: failed',
      `Status: ${/^[245]\.\d{1,3}\.\d{1,3}$/.test(status) ? status : '5.0.0'}`,
      `Diagnostic-Code: smtp; ${oneLine(text)}`,
      `Last-Attempt-Date: ${mailDate(failedAt)}`,
    ].join('\r\n'),
  );
  return [`Reporting-MTA: dns; ${hostname}\r\nArrival-Date: ${mailDate(at)}`, ...groups]
    .join('\r\n\r\n')
    .concat('\r\n');
}

/** What a foreign server said must not begin a field of its own. */
const oneLine = (text: string) =>
  text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, 500);
