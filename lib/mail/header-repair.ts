/** Header fields that hold raw bytes of some charset, written anew as RFC 2047 has them. Strings are latin1. */
import { encodeWord } from 'nodemailer/lib/mime-funcs';
import { decodeText } from './charset.ts';
import { FIELD, type RawField } from './raw-message.ts';
import { cleanText, fitsText } from './text.ts';

/** Header lines as fields; what is no field has no name. The line ends are CRLF. */
export function readFields(head: string): RawField[] {
  return head
    .replace(/\r\n(?=[ \t])/g, '\n')
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => ({ name: FIELD.exec(line)?.[1]?.toLowerCase() ?? '', line: line.replaceAll('\n', '\r\n') }));
}

/** The field's line as it may become text: the same where it is UTF-8 already. */
export function repairField({ name, line }: RawField, charset: string | undefined): string {
  const bytes = Buffer.from(line, 'latin1');
  if (fitsText(bytes)) return line;
  if (name === '') return Buffer.from(cleanText(decodeText(bytes, charset)), 'utf8').toString('latin1');
  const colon = line.indexOf(':') + 1;
  return line.slice(0, colon) + encoded(kindOf(name), cleanText(decodeText(bytes.subarray(colon), charset)));
}

type Kind = 'parameters' | 'addresses' | 'text';

const PARAMETERS: ReadonlySet<string> = new Set(['content-type', 'content-disposition']);
const ADDRESSES =
  /^(?:resent-)?(?:from|to|cc|bcc|sender|reply-to)$|^(?:disposition-notification|return-receipt|errors)-to$/;

function kindOf(name: string): Kind {
  if (PARAMETERS.has(name)) return 'parameters';
  return ADDRESSES.test(name) ? 'addresses' : 'text';
}

const WORDS = /\s+|\S+/g;
const TOKENS = /\s+|"(?:[^"\\]|\\[\s\S])*"?|[^\s"<>(),:;=]+|[<>(),:;=]/g;
const isAscii = (text: string) => /^\p{ASCII}*$/u.test(text);
const unquoted = (token: string) => token.replace(/^"|"$/g, '').replace(/\\([\s\S])/g, '$1');
/** One encoded word to a line. */
const word = (text: string) => encodeWord(text, 'B', 60).replace(/\s+/g, '\r\n ');

/**
 * Words that are not ASCII become encoded words, neighbours together. A blank between two encoded words is nothing to
 * a reader (RFC 2047 6.2): beside one that stood there already it goes inside.
 */
function encoded(kind: Kind, value: string): string {
  let out = '';
  let [run, gap, before] = ['', '', ''];
  const end = () => {
    if (run !== '') out += word(run);
    run = '';
  };
  for (const token of value.match(kind === 'text' ? WORDS : TOKENS) ?? []) {
    if (token.trim() === '') {
      gap = token;
      continue;
    }
    if (isAscii(token)) {
      if (run !== '' && gap !== '' && token.startsWith('=?')) run += ' ';
      end();
      out += gap + token;
    } else if (kind === 'parameters') {
      // Not allowed in there, and what every mailer writes and reads all the same.
      out += `${gap}"${word(unquoted(token))}"`;
    } else {
      // Nobody reads an encoded word in quotes.
      const plain = kind === 'addresses' && token.startsWith('"') ? unquoted(token) : token;
      const blank = gap === '' ? '' : ' ';
      if (run === '') out += gap;
      run += run !== '' || before.endsWith('?=') ? blank + plain : plain;
    }
    [gap, before] = ['', token];
  }
  end();
  return out + gap;
}
