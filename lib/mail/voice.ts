/** Electronic voice messages, as unified messaging servers write them (MS-OXOUM): class, caller, recordings. */
import type { Headers } from './headers.ts';
import { cleanLine } from './text.ts';
import type { StoredVoice } from './types.ts';

const CLASSES: Readonly<Record<string, string>> = {
  voice: 'IPM.Note.Microsoft.Voicemail.UM',
  'voice-ca': 'IPM.Note.Microsoft.Voicemail.UM.CA',
  missedcall: 'IPM.Note.Microsoft.Missed.Voice',
};
const CALLER_CHARS = 256;
/** A day: what claims to last longer is wrong. */
const MAX_SECONDS = 86_400;

/** MS-ASEMAIL R804, R878: only these classes have elements of voice messages. */
export function voiceClass(headers: Headers): string | undefined {
  const content = (headers.get('content-class') ?? '').trim().toLowerCase();
  const name = content.replace(/^urn:content-class(?:es)?:/, '');
  return Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
}

/** Recordings in the order of X-AttachmentOrder, the newest first; without it the last attached is the newest. */
export function voiceOf(
  headers: Headers,
  attachments: readonly { readonly name: string; readonly contentType: string }[],
): StoredVoice {
  const files = attachments
    .map((one, n) => ({ ...one, n }))
    .filter(({ contentType }) => contentType.startsWith('audio/'));
  const names = (headers.get('x-attachmentorder') ?? '').slice(0, 4_096).split(';').map(cleanLine);
  const place = (name: string) => (names.includes(name) ? names.indexOf(name) : names.length);
  const newest = [...files].sort((a, b) => place(a.name) - place(b.name) || b.n - a.n);
  const seconds = secondsOf(headers.get('x-voicemessageduration'));
  const callerId = cleanLine(headers.get('x-callingtelephonenumber') ?? '').slice(0, CALLER_CHARS);
  return {
    ...(callerId === '' ? {} : { callerId }),
    // The header tells of the message that came now, which is the newest recording.
    recordings: newest.map(({ n }, at) => ({
      n,
      order: at + 1,
      ...(at === 0 && seconds !== undefined && { seconds }),
    })),
  };
}

function secondsOf(text: string | undefined): number | undefined {
  const seconds = Number.parseInt(text ?? '', 10);
  return seconds >= 0 && seconds <= MAX_SECONDS ? seconds : undefined;
}
