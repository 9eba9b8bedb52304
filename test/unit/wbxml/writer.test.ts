import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Fragment, parseDocument, WbxmlWriter } from '../../../lib/wbxml/index.ts';
import { anyCharacter } from '../../support/arbitraries.ts';

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1 ');

function written(write: (writer: WbxmlWriter) => void, capacity?: number): string {
  const writer = new WbxmlWriter(capacity);
  writer.beginDocument();
  write(writer);
  return hex(writer.toDocument());
}

function fragment(write: (writer: WbxmlWriter) => void): Fragment {
  const writer = new WbxmlWriter();
  writer.beginFragment();
  write(writer);
  return writer.toFragment();
}

const HEAD = '03 01 6a 00';

describe('the writer', () => {
  test.each<[string, (writer: WbxmlWriter) => void, string]>([
    [
      'an empty element as one byte',
      (w) => {
        w.start(0, 5);
        w.end();
      },
      '05',
    ],
    [
      'an empty string as an empty element',
      (w) => {
        w.start(0, 5);
        w.text('');
        w.end();
      },
      '05',
    ],
    [
      'a string of nothing but NULs as an empty element',
      (w) => {
        w.start(0, 5);
        w.text('\0\0');
        w.end();
      },
      '05',
    ],
    [
      'a long string of nothing but NULs as an empty element',
      (w) => {
        w.start(0, 5);
        w.text('\0'.repeat(99));
        w.end();
      },
      '05',
    ],
    [
      'a string without its NULs',
      (w) => {
        w.start(0, 5);
        w.text('a\0b\0');
        w.end();
      },
      '45 03 61 62 00 01',
    ],
    [
      'a short string that is no ASCII',
      (w) => {
        w.start(0, 5);
        w.text('aü😀');
        w.end();
      },
      '45 03 61 c3 bc f0 9f 98 80 00 01',
    ],
    [
      'a long string, without its NULs',
      (w) => {
        w.start(0, 5);
        w.text(`${'x'.repeat(30)}\0ü`);
        w.end();
      },
      `45 03 ${'78 '.repeat(30)}c3 bc 00 01`,
    ],
    [
      'the first character beyond ASCII',
      (w) => {
        w.start(0, 5);
        w.text('\u0080');
        w.end();
      },
      '45 03 c2 80 00 01',
    ],
    [
      'text in pieces, then an element',
      (w) => {
        w.start(0, 5);
        w.text('a');
        w.text('b');
        w.start(0, 6);
        w.end();
        w.end();
      },
      '45 03 61 00 03 62 00 06 01',
    ],
    [
      'half of a surrogate pair as the replacement character',
      (w) => {
        w.start(0, 5);
        w.text('\ud83d');
        w.end();
      },
      '45 03 ef bf bd 00 01',
    ],
    [
      'a page switch only where the page changes',
      (w) => {
        w.start(0, 5);
        w.start(13, 5);
        w.end();
        w.start(13, 6);
        w.end();
        w.start(0, 6);
        w.end();
        w.end();
      },
      '45 00 0d 05 06 00 00 06 01',
    ],
    [
      'opaque bytes',
      (w) => {
        w.start(0, 5);
        w.opaque(Uint8Array.of(0, 1));
        w.end();
      },
      '45 c3 02 00 01 01',
    ],
    [
      'no opaque bytes',
      (w) => {
        w.start(0, 5);
        w.opaque(Uint8Array.of());
        w.end();
      },
      '45 c3 00 01',
    ],
  ])('writes %s', (_, write, expected) => {
    expect(written(write)).toBe(`${HEAD} ${expected}`);
    expect(written(write, 4)).toBe(`${HEAD} ${expected}`);
  });

  test.each([
    [0, '00'],
    [127, '7f'],
    [128, '81 00'],
    [16_383, 'ff 7f'],
    [16_384, '81 80 00'],
    [2_097_152, '81 80 80 00'],
  ])('writes the length %i as %s', (length, expected) => {
    const writer = new WbxmlWriter();
    writer.beginDocument();
    writer.start(0, 5);
    writer.opaque(new Uint8Array(length));
    writer.end();
    const bytes = writer.toDocument();
    const head = `${HEAD} 45 c3 ${expected}`;
    const headSize = (head.length + 1) / 3;
    expect(hex(bytes.subarray(0, headSize))).toBe(head);
    expect(bytes.length).toBe(headSize + length + 1);
    expect(bytes.at(-1)).toBe(1);
  });

  test('grows, and writes the same as with room from the start', () => {
    const texts = fc.array(fc.string({ unit: anyCharacter, maxLength: 60 }), { maxLength: 20 });
    fc.assert(
      fc.property(texts, (list) => {
        const write = (w: WbxmlWriter): void => {
          w.start(0, 5);
          for (const text of list) {
            w.start(2, 0x14);
            w.text(text);
            w.end();
          }
          w.end();
        };
        expect(written(write, 4)).toBe(written(write, 100_000));
      }),
    );
  });

  test('grows for ends and for fragments, too', () => {
    for (let depth = 1; depth < 40; depth++) {
      const nested = (w: WbxmlWriter): void => {
        for (let n = 0; n < depth; n++) w.start(0, 5);
        w.text('x');
        for (let n = 0; n < depth; n++) w.end();
      };
      expect(written(nested, 4)).toBe(`${HEAD} ${'45 '.repeat(depth)}03 78 00${' 01'.repeat(depth)}`);
      const holding = (w: WbxmlWriter): void => {
        w.start(0, 5);
        w.fragment(fragment(nested));
        w.end();
      };
      expect(written(holding, 4)).toBe(`${HEAD} 45 ${'45 '.repeat(depth)}03 78 00${' 01'.repeat(depth)} 01`);
    }
  });

  test('can be used again', () => {
    const writer = new WbxmlWriter();
    const once = (): string => {
      writer.beginDocument();
      writer.start(13, 5);
      writer.text('a');
      writer.end();
      return hex(writer.toDocument());
    };
    expect(once()).toBe(once());
  });
});

describe('a fragment', () => {
  const inner = fragment((w) => {
    w.start(2, 0x14);
    w.text('s');
    w.end();
    w.start(17, 0x0a);
    w.end();
  });

  test.each([
    ['another page', 0, '45 00 02 54 03 73 00 01 00 11 0a 00 00 05 01'],
    ['its own page', 2, '00 02 45 54 03 73 00 01 00 11 0a 00 02 05 01'],
  ])('fits where the current page is %s', (_, page, expected) => {
    expect(
      written((w) => {
        w.start(page, 5);
        w.fragment(inner);
        w.start(page, 5);
        w.end();
        w.end();
      }),
    ).toBe(`${HEAD} ${expected}`);
  });

  test('knows the bytes that it takes at most', () => {
    const whole = written((w) => {
      w.start(0, 5);
      w.fragment(inner);
      w.end();
    });
    const empty = written((w) => {
      w.start(0, 5);
      w.opaque(new Uint8Array(0));
      w.end();
    });
    expect((whole.length - empty.length) / 3 + 2).toBe(inner.size);
    expect(inner.size).toBe(inner.bytes.length + 2);
  });

  test('of nothing leaves its element empty', () => {
    const nothing = fragment(() => {});
    expect(nothing.size).toBe(0);
    expect(
      written((w) => {
        w.start(0, 5);
        w.fragment(nothing);
        w.end();
      }),
    ).toBe(`${HEAD} 05`);
  });

  test('may hold fragments', () => {
    const outer = fragment((w) => {
      w.fragment(inner);
      w.start(17, 0x0b);
      w.end();
    });
    const document = Buffer.from(
      written((w) => {
        w.start(0, 0x1d);
        w.fragment(outer);
        w.end();
      }).replaceAll(' ', ''),
      'hex',
    );
    expect(parseDocument(document).children.map(({ namespace, tag }) => `${namespace}:${tag}`)).toEqual([
      'Email:Subject',
      'AirSyncBase:Body',
      'AirSyncBase:Data',
    ]);
  });
});
