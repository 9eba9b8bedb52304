import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SUPPORTED_VERSIONS } from '../../../lib/protocol/versions.ts';
import { decodeElement, encode, encodeFragment, parseDocument } from '../../../lib/wbxml/index.ts';
import { comparable, valuesFor } from '../../support/arbitraries.ts';
import { SCHEMAS } from '../../support/schemas.ts';

test('the documents are found', () => {
  expect(SCHEMAS.length).toBeGreaterThan(35);
});

describe.each(SCHEMAS)('%s', (_, schema) => {
  test.each(SUPPORTED_VERSIONS)('comes back from its bytes as it was in version %i', (version) => {
    fc.assert(
      fc.property(valuesFor(schema, version), (value) => {
        const read = decodeElement(schema, parseDocument(encode(schema, value, version)), version, true);
        expect(comparable(read)).toEqual(comparable(value));
      }),
      { numRuns: 25 },
    );
  });

  test('is written in the same bytes whatever was written before it', () => {
    fc.assert(
      fc.property(valuesFor(schema, 161), valuesFor(schema, 161), (value, other) => {
        const first = encode(schema, value, 161);
        encode(schema, other, 161);
        encodeFragment(schema, other, 161);
        expect(encode(schema, value, 161)).toEqual(first);
      }),
      { numRuns: 10 },
    );
  });
});
