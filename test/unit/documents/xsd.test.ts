import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encode, parseDocument, type Schema, WbxmlElement } from '../../../lib/wbxml/index.ts';
import { valuesFor } from '../../support/arbitraries.ts';
import { SCHEMAS } from '../../support/schemas.ts';
import { validateResponses, xsdAvailable } from '../../support/xsd.ts';

const byName = new Map(SCHEMAS);

/** Short, as ids are limited, never empty, as most may not be, and also a range: what else text is, other tests show. */
const texts = fc.constantFrom('0-9', '1-12', '100-200');
/** Within every enumeration and range, except where a test says otherwise. */
const numbers = fc.constantFrom(1);

/** The items that go into the open elements of a response. */
const items = (schema: Schema<unknown>): fc.Arbitrary<WbxmlElement> =>
  valuesFor(schema, 161, { texts, numbers }).map((value) => parseDocument(encode(schema, narrowed(value), 161)));

/** What the documents allow and the schemas forbid, or what only the command can keep apart. */
function narrowed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(narrowed);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof WbxmlElement)
    return value;
  const object: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) object[name] = narrowed(member);
  // Sync: a Limit comes instead of collections, and an Add has no Class but for SMS.
  if ('Limit' in object) delete object.Collections;
  if ('ServerId' in object && 'ApplicationData' in object) delete object.Class;
  // From 16.0 on an answer to a draft's Change tells of its attachments.
  if ('ServerId' in object && 'Status' in object && !('ClientId' in object)) delete object.ApplicationData;
  // A UID stands for an event from 16.0 on; the schemas know Forwardees by names that the code pages do not have.
  if ('TimeZone' in object) object.UID = '1-1';
  delete object.Forwardees;
  // A client may forget the type of what it attaches.
  if ('Content' in object) object.ContentType = '1-1';
  return object;
}

const responses = SCHEMAS.filter(([name]) => name.endsWith('Response'));

describe.skipIf(!xsdAvailable)("everything that the schemas can say is valid by Microsoft's", () => {
  test('every command has a response schema', () => {
    expect(responses.length).toBeGreaterThanOrEqual(20);
  });

  test.each(responses)('%s', async (name, schema) => {
    // The tags of GetHierarchy exist up to 12.1.
    const version = name === 'GetHierarchyResponse' ? 121 : 161;
    const command = name.replace(/Response$/, '') || name;
    const elements = items(byName.get(ITEM[name] ?? 'Email')!);
    const answers = fc
      .sample(valuesFor(schema, version, { texts, numbers, elements }), { numRuns: 40, seed: 7 })
      .map((value) => ({ command, body: encode(schema, narrowed(value), version) }));
    expect((await validateResponses(answers)).errors).toEqual([]);
  });
});

/** What is not an Email in the open elements of a response. */
const ITEM: Readonly<Record<string, string>> = {
  FindResponse: 'FindProperties',
  ItemOperationsResponse: 'FileProperties',
  SearchResponse: 'Gal',
};
