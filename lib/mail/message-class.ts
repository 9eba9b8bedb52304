import type { Headers } from './headers.ts';
import { parseStructured } from './headers.ts';

/** A leaf of the message that can decide its class. */
export interface ClassPart {
  readonly contentType: string;
  readonly name: string;
  readonly method?: string;
  /** The beginning of its text, for calendar and report parts. */
  readonly head: () => string;
}

/** The part that makes a message one about a meeting. */
export function calendarPart<P extends Pick<ClassPart, 'contentType'>>(parts: readonly P[]): P | undefined {
  return parts.find(({ contentType }) => contentType === 'text/calendar' || contentType === 'application/ics');
}

/** MessageClass of MS-ASEMAIL 2.2.2.49 for a message with these top headers and leaves. */
export function messageClassOf(headers: Headers, parts: readonly ClassPart[]): string {
  const root = parseStructured(headers.get('content-type'));
  return smimeClass(root, parts) ?? reportClass(root, parts) ?? meetingClass(parts) ?? 'IPM.Note';
}

function smimeClass(root: ReturnType<typeof parseStructured>, parts: readonly ClassPart[]): string | undefined {
  const [only] = parts;
  if (isPkcs7(root.value, 'mime') || (parts.length === 1 && /\.p7m$/i.test(only!.name))) {
    return root.params['smime-type']?.toLowerCase() === 'signed-receipt' ? 'IPM.Note.Receipt.SMIME' : 'IPM.Note.SMIME';
  }
  if (root.value !== 'multipart/signed') return undefined;
  // PGP signatures use the same multipart; clients would look for a certificate in vain.
  const signed =
    isPkcs7((root.params.protocol ?? '').toLowerCase(), 'signature') ||
    parts.some((part) => isPkcs7(part.contentType, 'signature'));
  return signed ? 'IPM.Note.SMIME.MultipartSigned' : undefined;
}

const isPkcs7 = (type: string, kind: 'mime' | 'signature') =>
  type === `application/pkcs7-${kind}` || type === `application/x-pkcs7-${kind}`;

/** MS-ASEMAIL R602, R603. */
function reportClass(root: ReturnType<typeof parseStructured>, parts: readonly ClassPart[]): string | undefined {
  if (root.value !== 'multipart/report') return undefined;
  for (const part of parts) {
    if (part.contentType === 'message/disposition-notification') {
      return /^disposition:[^;]*;\s*(?:displayed|processed)/im.test(part.head())
        ? 'REPORT.IPM.NOTE.IPNRN'
        : 'REPORT.IPM.NOTE.IPNNRN';
    }
    if (/^message\/(?:global-)?delivery-status$/.test(part.contentType)) {
      const actions = [...part.head().matchAll(/^action:\s*(\w+)/gim)].map((match) => match[1]!.toLowerCase());
      if (actions.includes('failed') || actions.length === 0) return `REPORT.${reported(parts)}.NDR`;
      if (actions.includes('delayed')) return 'REPORT.IPM.NOTE.DELAYED';
      const subject = reported(parts);
      // Deliveries of meetings have no class of their own.
      return `REPORT.${subject.startsWith('IPM.NOTE') ? subject : 'IPM.NOTE'}.DR`;
    }
  }
  return undefined;
}

/** What a report is about, by the message that it returns: MS-ASEMAIL R603. */
function reported(parts: readonly ClassPart[]): string {
  const returned = parts.find(({ contentType }) => /^(?:message\/rfc822|text\/rfc822-headers)$/.test(contentType));
  const head = returned?.head() ?? '';
  if (/^content-type:\s*application\/(?:x-)?pkcs7-mime/im.test(head)) return 'IPM.NOTE.SMIME';
  if (/^content-type:\s*multipart\/signed;[^:]*pkcs7-signature/im.test(head)) return 'IPM.NOTE.SMIME.MULTIPARTSIGNED';
  const [, method] = /^content-type:\s*text\/calendar;[^:]*\bmethod="?(\w+)/im.exec(head) ?? [];
  switch (method?.toUpperCase()) {
    case 'REQUEST':
      return 'IPM.SCHEDULE.MEETING.REQUEST';
    case 'CANCEL':
      return 'IPM.SCHEDULE.MEETING.CANCELED';
    case 'REPLY':
      return ANSWERED[/PARTSTAT="?([A-Z-]+)/i.exec(head)?.[1]?.toUpperCase() ?? ''] ?? 'IPM.NOTE';
    default:
      return 'IPM.NOTE';
  }
}

const ANSWERED: Readonly<Record<string, string>> = {
  ACCEPTED: 'IPM.SCHEDULE.MEETING.RESP.POS',
  TENTATIVE: 'IPM.SCHEDULE.MEETING.RESP.TENT',
};

const RESPONSES: Readonly<Record<string, string>> = {
  ACCEPTED: 'IPM.Schedule.Meeting.Resp.Pos',
  TENTATIVE: 'IPM.Schedule.Meeting.Resp.Tent',
  DECLINED: 'IPM.Schedule.Meeting.Resp.Neg',
};

function meetingClass(parts: readonly ClassPart[]): string | undefined {
  const part = calendarPart(parts);
  if (!part) return undefined;
  const head = part.head();
  const method = (part.method ?? /^METHOD:\s*(\w+)/im.exec(head)?.[1])?.toUpperCase();
  switch (method) {
    case 'REQUEST':
      return 'IPM.Schedule.Meeting.Request';
    case 'CANCEL':
      return 'IPM.Schedule.Meeting.Canceled';
    case 'COUNTER':
      return 'IPM.Schedule.Meeting.Resp.Tent';
    case 'REPLY':
      return (
        RESPONSES[/PARTSTAT="?([A-Z-]+)/i.exec(head)?.[1]?.toUpperCase() ?? ''] ?? 'IPM.Schedule.Meeting.Resp.Tent'
      );
    default:
      // A published event asks for no answer.
      return undefined;
  }
}
