/** What a session tells for the Received field. */
export interface TraceSession {
  readonly id: string;
  readonly remoteAddress: string;
  /** The client's EHLO name; `false` before there was one. */
  readonly hostNameAppearsAs: string | false;
  readonly transmissionType: string;
}

/**
 * Return-Path and Received (RFC 5321 4.4), each ended by CRLF. No recipient is named: the same bytes go to all of them,
 * and one of them may be a Bcc.
 */
export function traceOf(
  session: TraceSession,
  { from, hostname, now }: { readonly from: string; readonly hostname: string; readonly now: number },
): string {
  const client = token(session.hostNameAppearsAs || 'unknown');
  const date = new Date(now).toUTCString().replace('GMT', '+0000');
  return (
    `Return-Path: <${printable(from).replace(/[<>\s]/g, '')}>\r\n` +
    `Received: from ${client} ([${token(session.remoteAddress)}])\r\n` +
    ` by ${token(hostname)} with ${token(session.transmissionType)} id ${token(session.id)};\r\n ${date}\r\n`
  );
}

/** Everything here was written by a stranger: it must not end its line. */
const printable = (text: string) => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '').slice(0, 320);
const token = (text: string) => text.replace(/[^\x21-\x7e]|[()<>;\\"]/g, '').slice(0, 255) || 'unknown';
