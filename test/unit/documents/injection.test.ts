import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeElement, encode, encodeFragment, parseDocument, WbxmlWriter } from '../../../lib/wbxml/index.ts';
import { comparable, hostileText, valuesFor } from '../../support/arbitraries.ts';
import { SCHEMAS } from '../../support/schemas.ts';

/** What any string becomes: without NULs, and without halves of surrogate pairs, which UTF-8 cannot hold. */
function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '').toWellFormed();
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, cleaned(member)]));
}

describe.each(SCHEMAS)('no text of %s', (_, schema) => {
  test('is ever read as anything but text', () => {
    fc.assert(
      fc.property(valuesFor(schema, 161, { texts: hostileText }), (value) => {
        const read = decodeElement(schema, parseDocument(encode(schema, value, 161)), 161, true);
        expect(comparable(read)).toEqual(cleaned(comparable(value)));
      }),
      { numRuns: 40 },
    );
  });
});

test('the same holds inside of what was encoded ahead', () => {
  const containers = SCHEMAS.filter(([, schema]) => schema.shape.kind === 'container');
  const any = fc
    .constantFrom(...containers)
    .chain(([, schema]) => valuesFor(schema, 161, { texts: hostileText }).map((value) => ({ schema, value })));
  fc.assert(
    fc.property(any, ({ schema, value }) => {
      const writer = new WbxmlWriter();
      writer.beginDocument();
      writer.start(0, 0x1d);
      writer.fragment(encodeFragment(schema, value, 161));
      writer.end();
      const read = decodeElement(schema, parseDocument(writer.toDocument()), 161);
      expect(comparable(read)).toEqual(cleaned(comparable(value)));
    }),
    { numRuns: 300 },
  );
});
