import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ProtocolVersion, SUPPORTED_VERSIONS } from '../../lib/protocol/versions.ts';
import { decode, encode, limits, parseDocument, toXml, WbxmlError } from '../../lib/wbxml/index.ts';
import { comparable, valuesFor } from '../support/arbitraries.ts';
import { SCHEMAS } from '../support/schemas.ts';

/** Longer runs: `FUZZ_RUNS=200000 npx vitest run test/fuzz`. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 3_000);
const HEAD = [0x03, 0x01, 0x6a, 0x00];
const CAPTURES = path.join(import.meta.dirname, '../fixtures/captures');

const names = fc.constantFrom(...SCHEMAS.map(([name]) => name));
const byName = new Map(SCHEMAS);
const versions = fc.constantFrom(...SUPPORTED_VERSIONS);

/** Throws unless the bytes give a value (true) that can be written and read again, or an error that has a place. */
function survive(name: string, version: ProtocolVersion, bytes: Uint8Array): boolean {
  const schema = byName.get(name)!;
  let value: unknown;
  try {
    value = decode(schema, bytes, version, limits({ bytes: 1_000_000 }));
  } catch (error) {
    if (!(error instanceof WbxmlError)) throw error;
    expect(error.reason).not.toBe('value');
    expect(error.offset).toBeLessThanOrEqual(bytes.length);
    return false;
  }
  expect(comparable(decode(schema, encode(schema, value, version), version))).toEqual(comparable(value));
  return true;
}

/** Bytes that look like documents: tokens, page switches, short strings, opaque values of plausible length. */
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 5, max: 0x3f }).map((tag) => [tag]) },
  { weight: 8, arbitrary: fc.integer({ min: 0x45, max: 0x7f }).map((tag) => [tag]) },
  { weight: 10, arbitrary: fc.constant([0x01]) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 26 }).map((page) => [0x00, page]) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('', '0', '1', '60', 'ü', '20260115T120000Z')
      .map((text) => [0x03, ...Buffer.from(text), 0x00]),
  },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 6 }).map((bytes) => [0xc3, bytes.length, ...bytes]) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4 }).map((bytes) => [...bytes]) },
);

/** One change to a document: a byte replaced, removed, doubled, or everything after it cut off. */
const mutation = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('replace', 'replace', 'replace', 'replace', 'remove', 'insert', 'cut', 'swap'),
  byte: fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom(0x00, 0x01, 0x03, 0xc3, 0x83, 0x45),
    fc.constantFrom(0x30, 0x31, 0x61),
  ),
});
function mutate(bytes: Uint8Array, changes: readonly { at: number; kind: string; byte: number }[]): Uint8Array {
  let result = [...bytes];
  for (const { at, kind, byte } of changes) {
    const place = at % Math.max(result.length, 1);
    if (kind === 'replace') result[place] = byte;
    else if (kind === 'remove') result.splice(place, 1);
    else if (kind === 'insert') result.splice(place, 0, byte);
    else if (kind === 'cut') result = result.slice(0, place);
    else result = [...result.slice(place), ...result.slice(0, place)];
  }
  return Uint8Array.from(result);
}

describe('any bytes give a document or an error of the codec', () => {
  test('random bytes', () => {
    fc.assert(
      fc.property(
        names,
        versions,
        fc.uint8Array({ maxLength: 200 }),
        (name, version, bytes) => void survive(name, version, bytes),
      ),
      { numRuns: RUNS },
    );
  });

  test('bytes that look like a document', () => {
    const body = fc.array(piece, { maxLength: 60 }).map((pieces) => Uint8Array.from([...HEAD, ...pieces.flat()]));
    fc.assert(
      fc.property(names, versions, body, (name, version, bytes) => void survive(name, version, bytes)),
      {
        numRuns: RUNS,
      },
    );
  });

  test('documents with a few bytes changed', () => {
    let read = 0;
    const documents = names.chain((name) =>
      versions.chain((version) =>
        valuesFor(byName.get(name)!, version)
          .map((value) => encode(byName.get(name)!, value, version))
          .map((bytes) => ({ name, version, bytes })),
      ),
    );
    fc.assert(
      fc.property(documents, fc.array(mutation, { minLength: 1, maxLength: 2 }), (document, changes) => {
        if (survive(document.name, document.version, mutate(document.bytes, changes))) read++;
      }),
      { numRuns: RUNS },
    );
    // Otherwise this would be a test of errors alone.
    expect(read).toBeGreaterThan(RUNS / 20);
  });

  test('captures with a few bytes changed', () => {
    const captures = readdirSync(CAPTURES).map((name) => readFileSync(path.join(CAPTURES, name)));
    fc.assert(
      fc.property(
        names,
        versions,
        fc.constantFrom(...captures),
        fc.array(mutation, { maxLength: 6 }),
        (name, version, bytes, changes) => {
          survive(name, version, mutate(bytes, changes));
        },
      ),
      { numRuns: RUNS },
    );
  });

  test('every beginning of every capture', () => {
    for (const name of readdirSync(CAPTURES)) {
      const bytes = readFileSync(path.join(CAPTURES, name));
      for (let length = 0; length < bytes.length; length++) {
        expect(() => parseDocument(bytes.subarray(0, length)), `${name} ${length}`).toThrow(WbxmlError);
      }
    }
  });
});

describe('no bytes take long', () => {
  const within = (bytes: Uint8Array, milliseconds: number): void => {
    const before = process.cpuUsage();
    try {
      toXml(bytes);
    } catch (error) {
      if (!(error instanceof WbxmlError)) throw error;
    }
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(milliseconds);
  };
  const MEGABYTE = 1_000_000;
  const fill = (...bytes: number[]): Uint8Array => {
    const buffer = Buffer.alloc(MEGABYTE, Uint8Array.from(bytes));
    buffer.set([...HEAD, 0x45], 0);
    return buffer;
  };

  test.each<[string, Uint8Array]>([
    ['elements that never close', fill(0x45)],
    ['elements that close at once', fill(0x05)],
    ['twins, the last of them broken', fill(0x45, 0x01)],
    ['strings of one character', fill(0x03, 0x61, 0x00)],
    ['entities', fill(0x02, 0x41)],
    ['opaque values of one byte', fill(0xc3, 0x01, 0x61)],
    ['page switches', fill(0x00, 0x01)],
    ['a string that never ends', fill(0x03, ...Array<number>(1000).fill(0x61))],
    ['lengths that promise more than there is', fill(0xc3, 0x8f, 0xff, 0xff, 0xff, 0x7f)],
    ['numbers that never end', fill(0xc3, 0x80)],
  ])('%s', (_, bytes) => {
    within(bytes, 1_000);
  });
});
