import { describe, expect, test } from 'vitest';
import { BodyPreference } from '../../../lib/documents/airsyncbase.ts';
import { decode, decodeElement, encode, parseDocument, WbxmlElement, WbxmlError } from '../../../lib/wbxml/index.ts';
import {
  base64,
  bool,
  compactDateTime,
  dateTime,
  decimal,
  document,
  type Field,
  flag,
  int,
  intOrEmpty,
  opaque,
  optional,
  text,
  within,
} from '../../../lib/wbxml/schema.ts';

const bytesOf = (content: string): Uint8Array => new TextEncoder().encode(content);

/** Reads `<Subject>content</Subject>` as a field. */
function read<T>(field: Field<T>, content?: string | Uint8Array | readonly WbxmlElement[]): T | undefined {
  const schema = document('Email', 'Flag', { Subject: optional(field) });
  const raw = document('Email', 'Flag', { Subject: { shape: { kind: 'open' }, optional: false } });
  const bytes = encode(raw, { Subject: WbxmlElement.of('Email', 'Subject', content) }, 161);
  return decode(schema, bytes, 161).Subject;
}

/** The content that a value is written as; undefined where the element is empty. */
function write<T>(field: Field<T>, value: T): string | Uint8Array | undefined {
  const schema = document('Email', 'Flag', { Subject: { ...field, optional: false } as Field<T, false> });
  return parseDocument(encode(schema, { Subject: value } as never, 161)).children[0]!.content;
}

function reading(field: Field<unknown>, content?: string | Uint8Array | readonly WbxmlElement[]): WbxmlError {
  try {
    read(field, content);
  } catch (error) {
    if (error instanceof WbxmlError) return error;
    throw error;
  }
  throw new Error('was read');
}

describe('what an element holds', () => {
  test.each<[string, Field<unknown>, string | Uint8Array | undefined, unknown]>([
    ['text', text(), 'ü\n', 'ü\n'],
    ['empty text', text(), undefined, ''],
    ['text that came as an opaque value', text(), bytesOf('ü'), 'ü'],
    ['text as long as it may be', text(3), 'abc', 'abc'],
    ['a number', int(), '17', 17],
    ['a negative number with blanks', int(), ' -17 ', -17],
    ['minus zero as zero', int(), '-0', 0],
    ['a number with a plus and zeros', int(), '+007', 7],
    ['the least number of a range', int(0, 8), '0', 0],
    ['the greatest number of a range', int(0, 8), '8', 8],
    ['a number that may be empty', intOrEmpty(), '5', 5],
    ['an empty number', intOrEmpty(), undefined, null],
    ['blanks as an empty number', intOrEmpty(), ' ', null],
    ['a decimal', decimal(), '-52.25', -52.25],
    ['a decimal with an exponent', decimal(), '1e-7', 1e-7],
    ['true [MS-ASDTYPE R5]', bool(), '1', true],
    ['false', bool(), '0', false],
    ['an empty boolean as true [MS-ASDTYPE R6]', bool(), undefined, true],
    ['a boolean in words', bool(), 'False', false],
    ['another boolean in words, with blanks', bool(), ' TRUE ', true],
    ['a tag that is there', flag(), undefined, true],
    ['a tag that is there with a value', flag(), '1', true],
    ['a tag that says no', flag(), ' 0', false],
    ['a date with separators', dateTime(), '2026-01-15T12:00:00.000Z', 1_768_478_400_000],
    ['a compact date', dateTime(), ' 20260115T120000Z\n', 1_768_478_400_000],
    [
      'a date with separators where a compact one belongs',
      compactDateTime(),
      '2026-01-15T12:00:00.000Z',
      1_768_478_400_000,
    ],
    ['opaque bytes', opaque(), Uint8Array.of(0, 255), Uint8Array.of(0, 255)],
    ['a string where bytes belong', opaque(), 'aü', bytesOf('aü')],
    ['no bytes', opaque(), undefined, new Uint8Array()],
    ['base64', base64(), 'AP8=', Uint8Array.of(0, 255)],
    ['base64 in lines', base64(), 'AP\r\n8=', Uint8Array.of(0, 255)],
    ['base64 without padding', base64(), 'AP8', Uint8Array.of(0, 255)],
  ])('%s is read', (_, field, content, expected) => {
    const value = read(field, content);
    expect(value instanceof Uint8Array ? [...value] : value).toEqual(
      expected instanceof Uint8Array ? [...expected] : expected,
    );
  });

  test.each<[string, Field<unknown>, string | Uint8Array | readonly WbxmlElement[] | undefined, string]>([
    ['text that is too long', text(3), 'abcd', 'xml'],
    ['text that is no UTF-8', text(), Uint8Array.of(0xff), 'wbxml'],
    ['elements in text', text(), [WbxmlElement.of('Email', 'To')], 'xml'],
    ['an empty number', int(), undefined, 'xml'],
    ['a number with a fraction', int(), '1.0', 'xml'],
    ['a number with an exponent', int(), '1e3', 'xml'],
    ['a hexadecimal number', int(), '0x10', 'xml'],
    ['a number in other digits', int(), '١', 'xml'],
    ['a number beyond what a number can hold', int(), '9007199254740993', 'xml'],
    ['a number that never ends', int(), '9'.repeat(100_000), 'xml'],
    ['a number below its range', int(0, 8), '-1', 'xml'],
    ['a number above its range', int(0, 8), '9', 'xml'],
    ['words for a number that may be empty', intOrEmpty(), 'none', 'xml'],
    ['a decimal comma', decimal(), '1,5', 'xml'],
    ['infinity', decimal(), 'Infinity', 'xml'],
    ['a decimal beyond what a number can hold', decimal(), '1e999', 'xml'],
    ['a boolean that is neither', bool(), '2', 'xml'],
    ['elements in a boolean', bool(), [WbxmlElement.of('Email', 'To')], 'xml'],
    ['elements in an empty tag', flag(), [WbxmlElement.of('Email', 'To')], 'xml'],
    ['a date that is none', dateTime(), '2026-02-30T00:00:00Z', 'dateTime'],
    ['an empty date', dateTime(), undefined, 'dateTime'],
    ['base64 that is none', base64(), 'AP8-', 'xml'],
    ['base64 with padding inside', base64(), 'A=P8', 'xml'],
  ])('%s is refused, with its place', (_, field, content, reason) => {
    expect(reading(field, content)).toMatchObject({ reason, path: 'Flag/Subject', offset: 7 });
  });

  test.each<[string, Field<unknown>, unknown, string | undefined]>([
    ['a number', int(), -17, '-17'],
    ['an empty number', intOrEmpty(), null, undefined],
    ['a decimal', decimal(), 52.25, '52.25'],
    ['true', bool(), true, '1'],
    ['false', bool(), false, '0'],
    ['a date', dateTime(), 0, '1970-01-01T00:00:00.000Z'],
    ['a compact date', compactDateTime(), 999, '19700101T000000Z'],
    ['base64', base64(), Uint8Array.of(0, 255), 'AP8='],
    ['base64 of a part of a buffer', base64(), Uint8Array.of(9, 0, 255, 9).subarray(1, 3), 'AP8='],
    ['a number that may be empty', intOrEmpty(), 5, '5'],
    ['text as long as it may be', text(3), 'abc', 'abc'],
  ])('%s is written as an inline string [MS-ASDTYPE R7 R20 R87 R91 R502]', (_, field, value, expected) => {
    expect(write(field, value)).toBe(expected);
  });

  test('an unsigned byte is 0 to 255 [MS-ASDTYPE R123]', () => {
    const schema = document('AirSync', 'Options', { BodyPreference: within('AirSyncBase', BodyPreference) });
    const asked = (preview: string) => {
      const fields = [WbxmlElement.of('AirSyncBase', 'Type', '1'), WbxmlElement.of('AirSyncBase', 'Preview', preview)];
      const options = WbxmlElement.of('AirSync', 'Options', [WbxmlElement.of('AirSyncBase', 'BodyPreference', fields)]);
      return decodeElement(schema, options, 161).BodyPreference.Preview;
    };
    expect([asked('0'), asked('255')]).toEqual([0, 255]);
    expect(() => asked('256')).toThrow(WbxmlError);
    expect(() => asked('-1')).toThrow(WbxmlError);
  });

  test('a number is never empty, one that may be is null then', () => {
    expect(reading(int())).toMatchObject({ reason: 'xml' });
    expect(read(intOrEmpty())).toBeNull();
  });

  test('bytes are written as an opaque value [MS-ASDTYPE R97 R98]', () => {
    expect([...(write(opaque(), Uint8Array.of(0, 1, 255)) as Uint8Array)]).toEqual([0, 1, 255]);
  });

  test.each<[string, Field<unknown>, unknown]>([
    ['a number for text', text(), 5],
    ['null for text', text(), null],
    ['text that is too long', text(3), 'abcd'],
    ['text for a number', int(), '5'],
    ['a fraction for a number', int(), 1.5],
    ['NaN for a number', int(), Number.NaN],
    ['a number out of its range', int(0, 8), 9],
    ['null for a number', int(), null],
    ['NaN for a decimal', decimal(), Number.NaN],
    ['a number for a boolean', bool(), 1],
    ['NaN for a date', dateTime(), Number.NaN],
    ['a Date for a date', compactDateTime(), new Date()],
    ['text for bytes', opaque(), 'abc'],
    ['text for base64', base64(), 'abc'],
  ])('%s is a mistake of the server, told with its place', (_, field, value) => {
    expect(() => write(field, value)).toThrow(
      expect.objectContaining({ reason: 'value', path: 'Flag/Subject', offset: undefined }) as Error,
    );
  });
});
