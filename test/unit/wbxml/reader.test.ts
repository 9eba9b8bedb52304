import { describe, expect, test } from 'vitest';
import { WbxmlError, WbxmlReader } from '../../../lib/wbxml/index.ts';
import { namespaceName, tagName } from '../../../lib/wbxml/tags.ts';

const HEAD = '03 01 6a 00';
const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** The events of a document in one line. */
function events(hex: string): string[] {
  const reader = new WbxmlReader(bytes(hex));
  const seen: string[] = [];
  for (;;) {
    const event = reader.next();
    if (event === 'eof') return seen;
    if (event === 'start') seen.push(`<${namespaceName(reader.page)}:${tagName(reader.page, reader.token)}>`);
    else if (event === 'end') seen.push(`</${tagName(reader.page, reader.token)}>`);
    else seen.push(event === 'text' ? reader.string : `[${Buffer.from(reader.bytes).toString('hex')}]`);
  }
}

function failure(hex: string): WbxmlError {
  try {
    events(hex);
  } catch (error) {
    if (error instanceof WbxmlError) return error;
    throw error;
  }
  throw new Error('was read');
}

describe('the reader', () => {
  test.each([
    // MS-ASWBXML R801 SWITCH_PAGE, R802 END, R804 STR_I.
    [
      '[MS-ASWBXML R801 R802 R804] pages, ends and strings',
      `${HEAD} 45 00 0d 45 48 03 36 30 00 01 01 01`,
      ['<AirSync:Sync>', '<Ping:Ping>', '<Ping:HeartbeatInterval>', '60', '</HeartbeatInterval>', '</Ping>', '</Sync>'],
    ],
    ['an empty element of one byte', `${HEAD} 00 0d 05`, ['<Ping:Ping>', '</Ping>']],
    ['an empty element with an END', `${HEAD} 00 0d 45 01`, ['<Ping:Ping>', '</Ping>']],
    ['[MS-ASWBXML R819] an opaque value', `${HEAD} 45 c3 03 00 01 ff 01`, ['<AirSync:Sync>', '[0001ff]', '</Sync>']],
    ['an opaque value of no bytes', `${HEAD} 45 c3 00 01`, ['<AirSync:Sync>', '[]', '</Sync>']],
    [
      'an opaque value of more than 127 bytes',
      `${HEAD} 45 c3 81 00 ${'ab'.repeat(128)} 01`,
      ['<AirSync:Sync>', `[${'ab'.repeat(128)}]`, '</Sync>'],
    ],
    ['[MS-ASWBXML R803] an entity', `${HEAD} 45 02 81 20 01`, ['<AirSync:Sync>', '\u00a0', '</Sync>']],
    ['the last entity that there is', `${HEAD} 45 02 c3 ff 7f 01`, ['<AirSync:Sync>', '\u{10ffff}', '</Sync>']],
    ['an entity beyond the first plane', `${HEAD} 45 02 87 ec 00 01`, ['<AirSync:Sync>', '😀'.normalize(), '</Sync>']],
    ['UTF-8', `${HEAD} 45 03 c3 bc f0 9f 98 80 00 01`, ['<AirSync:Sync>', 'ü😀', '</Sync>']],
    [
      'a string that begins with a byte order mark',
      `${HEAD} 45 03 ef bb bf 61 00 01`,
      ['<AirSync:Sync>', '\ufeffa', '</Sync>'],
    ],
    ['a tag that its page does not define', `${HEAD} 7f 3f 01`, ['<AirSync:#3F>', '<AirSync:#3F>', '</#3F>', '</#3F>']],
    ['a page that nobody defined', `${HEAD} 00 63 05`, ['<#99:#05>', '</#05>']],
    ['WBXML 1.1 and 1.2', '01 01 6a 00 05', ['<AirSync:Sync>', '</Sync>']],
    ['a public id that is a number', '03 81 00 6a 00 05', ['<AirSync:Sync>', '</Sync>']],
    ['a public id in the string table', '03 00 00 6a 00 05', ['<AirSync:Sync>', '</Sync>']],
    ['what follows the root', `${HEAD} 05 ff ff`, ['<AirSync:Sync>', '</Sync>']],
    ['a page switch before an END', `${HEAD} 45 00 0d 01`, ['<AirSync:Sync>', '</Sync>']],
  ])('takes %s', (_, hex, expected) => {
    expect(events(hex)).toEqual(expected);
  });

  test.each([
    ['nothing', '', 'ends too early'],
    ['a header without a body', HEAD, 'ends too early'],
    ['a cut header', '03 01', 'ends too early'],
    ['another WBXML', '04 01 6a 00 05', 'version'],
    ['WBXML 1.0', '00 01 6a 00 05', 'version'],
    ['another character set', '03 01 04 00 05', 'UTF-8'],
    ['a string table', '03 01 6a 01 00 05', 'string table'],
    ['an element without an end', `${HEAD} 45`, 'ends too early'],
    ['an END too many', `${HEAD} 01`, 'END too many'],
    ['text outside of the root', `${HEAD} 03 61 00 05`, 'outside'],
    ['an entity outside of the root', `${HEAD} 02 61 05`, 'outside'],
    ['a string without an end', `${HEAD} 45 03 61`, 'no end'],
    ['an opaque value without an end', `${HEAD} 45 c3 05 61 01`, 'no end'],
    ['an opaque value at the very end', `${HEAD} 45 c3 01 61`, 'ends too early'],
    ['the greatest length of 32 bits', `${HEAD} 45 c3 8f ff ff ff 7f 01`, 'no end'],
    ['a length of six bytes', `${HEAD} 45 c3 80 80 80 80 80 01 01`, '32 bits'],
    ['a length of 33 bits', `${HEAD} 45 c3 9f ff ff ff 7f 01`, '32 bits'],
    ['invalid UTF-8', `${HEAD} 45 03 ff 00 01`, 'not UTF-8'],
    ['overlong UTF-8', `${HEAD} 45 03 c0 80 00 01`, 'not UTF-8'],
    ['a surrogate in UTF-8', `${HEAD} 45 03 ed a0 80 00 01`, 'not UTF-8'],
    ['an entity that is a NUL', `${HEAD} 45 02 00 01`, 'no character'],
    ['an entity that is a surrogate', `${HEAD} 45 02 83 b0 00 01`, 'no character'],
    ['an entity that is the last surrogate', `${HEAD} 45 02 83 bf 7f 01`, 'no character'],
    ['an entity past the last character', `${HEAD} 45 02 c4 80 00 01`, 'no character'],
    ['attributes', `${HEAD} 85 01`, 'attributes'],
    ['attributes and content', `${HEAD} c5 01 01`, 'attributes'],
    ['a page switch without a page', `${HEAD} 00`, 'ends too early'],
  ])('refuses %s', (_, hex, problem) => {
    const error = failure(hex);
    expect(error.reason).toBe('wbxml');
    expect(error.message).toContain(problem);
    expect(error.offset).toBeGreaterThanOrEqual(0);
  });

  // Masked to six bits, 0x43 and 0xC3 would both be STR_I, and 0x44 a tag.
  test.each([
    ['[MS-ASWBXML R805] LITERAL', '04'],
    ['[MS-ASWBXML R806] EXT_I_0', '40'],
    ['[MS-ASWBXML R807] EXT_I_1', '41'],
    ['[MS-ASWBXML R808] EXT_I_2', '42'],
    ['[MS-ASWBXML R809] PI', '43'],
    ['[MS-ASWBXML R810] LITERAL_C', '44'],
    ['[MS-ASWBXML R811] EXT_T_0', '80'],
    ['[MS-ASWBXML R812] EXT_T_1', '81'],
    ['[MS-ASWBXML R813] EXT_T_2', '82'],
    ['[MS-ASWBXML R814] STR_T', '83'],
    ['[MS-ASWBXML R815] LITERAL_A', '84'],
    ['[MS-ASWBXML R816] EXT_0', 'c0'],
    ['[MS-ASWBXML R817] EXT_1', 'c1'],
    ['[MS-ASWBXML R818] EXT_2', 'c2'],
    ['[MS-ASWBXML R820] LITERAL_AC', 'c4'],
  ])('names the global token %s that this protocol does not use', (name, token) => {
    expect(failure(`${HEAD} 45 ${token} 61 00 01`)).toMatchObject({
      reason: 'wbxml',
      problem: `The token ${name.split('] ')[1]} is not used by this protocol`,
    });
  });

  test('says where it is', () => {
    const reader = new WbxmlReader(bytes(`${HEAD} 45 5c 4f 4b 03 31 00 01 01 01 01`));
    const paths: string[] = [];
    while (reader.next() !== 'eof') paths.push(`${reader.offset} ${reader.path}`);
    expect(paths.slice(0, 5)).toEqual([
      '4 Sync',
      '5 Sync/Collections',
      '6 Sync/Collections/Collection',
      '7 Sync/Collections/Collection/SyncKey',
      '8 Sync/Collections/Collection/SyncKey',
    ]);
  });

  test('tells text from bytes', () => {
    const reader = new WbxmlReader(bytes(`${HEAD} 45 03 61 00 c3 01 62 01`));
    expect([reader.next(), reader.next(), reader.next(), reader.next()]).toEqual(['start', 'text', 'opaque', 'end']);
  });

  test('goes on saying that the document is at its end', () => {
    const reader = new WbxmlReader(bytes(`${HEAD} 05`));
    expect([reader.next(), reader.next(), reader.next(), reader.next()]).toEqual(['start', 'end', 'eof', 'eof']);
  });

  test('reads a part of a larger buffer', () => {
    const whole = bytes(`ff ff ${HEAD} 45 03 61 00 01 ff`);
    const reader = new WbxmlReader(whole.subarray(2, whole.length - 1));
    expect([reader.next(), reader.next(), reader.string]).toEqual(['start', 'text', 'a']);
  });
});
