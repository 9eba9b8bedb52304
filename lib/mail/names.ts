import { decodeWords } from 'postal-mime';
import { decodeText } from './charset.ts';
import { cleanLine, cutUtf8 } from './text.ts';

const MAX_BYTES = 255;

/** Extensions for parts that came without a name; clients choose the viewer by them. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/svg+xml': 'svg',
  'application/pdf': 'pdf',
  'text/plain': 'txt',
  'text/html': 'html',
  'text/csv': 'csv',
  'text/vcard': 'vcf',
  'text/x-vcard': 'vcf',
};
const NAMES: Readonly<Record<string, string>> = {
  'text/calendar': 'invite.ics',
  'application/ics': 'invite.ics',
  'application/pkcs7-mime': 'smime.p7m',
  'application/x-pkcs7-mime': 'smime.p7m',
  'application/pkcs7-signature': 'smime.p7s',
  'application/x-pkcs7-signature': 'smime.p7s',
  'application/pgp-signature': 'signature.asc',
  'application/ms-tnef': 'winmail.dat',
  'message/delivery-status': 'delivery-status.txt',
  'message/disposition-notification': 'disposition-notification.txt',
};

/** A file name without path or control characters, at most 255 bytes with its extension, never empty. */
export function attachmentName(given: string, contentType: string, content: Uint8Array): string {
  const base = cleanLine(given)
    .replace(/^.*[/\\]/, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^\.+$/, '');
  if (contentType === 'message/rfc822') return bound(embeddedName(base, content));
  if (base) return bound(base);
  return NAMES[contentType] ?? (EXTENSIONS[contentType] ? `attachment.${EXTENSIONS[contentType]}` : 'attachment');
}

/** MS-ASAIRS R2299: an embedded message's file has the extension .eml; its subject makes a better name than none. */
function embeddedName(given: string, content: Uint8Array): string {
  if (given) return /\.eml$/i.test(given) ? given : `${given}.eml`;
  const head = decodeText(content.subarray(0, 16_384), undefined);
  const subject = /^subject:[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)/im.exec(head)?.[1] ?? '';
  const name = cleanLine(decodeWords(subject.replace(/\r?\n/g, ''))).replace(/[/\\<>:"|?*]/g, '_');
  return `${cutUtf8(name, 200) || 'message'}.eml`;
}

function bound(name: string): string {
  const cut = cutUtf8(name, MAX_BYTES);
  if (cut === name) return name;
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 && name.length - dot <= 10 ? name.slice(dot) : '';
  return cutUtf8(name, MAX_BYTES - 40) + extension;
}
