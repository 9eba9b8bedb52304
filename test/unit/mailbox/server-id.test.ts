import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_FOLDERS } from '../../../lib/mailbox/defaults.ts';
import {
  formatServerId,
  MAX_SERVER_ID,
  parseFolderId,
  parseItemId,
  parseServerId,
} from '../../../lib/mailbox/server-id.ts';
import { type FolderId, ulidFor } from '../../../lib/ops/ids.ts';
import { HIERARCHY } from '../../../lib/store/schema.ts';

const ULID = '01KEZ4C2R0ABCDEFGHJKMNPQRS';

describe('a ServerId', () => {
  test('comes back as the folder and item that it was made of, within 64 characters [MS-ASCMD R5872]', () => {
    const folder = fc.stringMatching(/^[A-Za-z0-9_-]{1,37}$/);
    const time = fc.integer({ min: 0, max: 281_474_976_710_655 });
    fc.assert(
      fc.property(folder, time, fc.string(), (name, ms, key) => {
        const item = ulidFor(ms, key);
        const text = formatServerId(name as FolderId, item);
        expect(text.length).toBeLessThanOrEqual(MAX_SERVER_ID);
        expect(parseServerId(text)).toEqual({ folder: name, item });
      }),
    );
  });

  test('of any text is read without an error, and only as what would be written so', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ maxLength: 80 }).map((s) => `inbox:${s}`),
        ),
        (text) => {
          const read = parseServerId(text);
          if (read) expect(formatServerId(read.folder, read.item)).toBe(text);
        },
      ),
    );
  });

  test.each([
    ['nothing', ''],
    ['no folder', `:${ULID}`],
    ['no item', 'inbox:'],
    ['a folder alone', 'inbox'],
    ['an item alone', ULID],
    ['two colons', `a:b:${ULID}`],
    ['a separator of row keys', `in#box:${ULID}`],
    ['a NUL', `in\0box:${ULID}`],
    ['lower case', `inbox:${ULID.toLowerCase()}`],
    ['a letter that base 32 leaves out', `inbox:${ULID.slice(0, 25)}U`],
    ['a time past the last', `inbox:8${ULID.slice(1)}`],
    ['an item of 27 characters', `inbox:${ULID}0`],
    ['more than 64 characters', `${'f'.repeat(38)}:${ULID}`],
    ['a line feed at the end', `inbox:${ULID}\n`],
  ])('with %s is none', (_what, text) => {
    expect(parseServerId(text)).toBeUndefined();
  });
});

describe('the id of a folder', () => {
  test('may be any default one', () => {
    for (const { id } of DEFAULT_FOLDERS) expect(parseFolderId(id)).toBe(id);
  });

  test.each([HIERARCHY, '', '#', 'a:b', 'a/b', 'ü', 'a b', 'a\n', 'f'.repeat(38)])('is not %j', (text) => {
    expect(parseFolderId(text)).toBeUndefined();
  });

  test('of an item is a ULID', () => {
    expect(parseItemId(ULID)).toBe(ULID);
    expect(parseItemId(`${ULID}\n`)).toBeUndefined();
  });
});
