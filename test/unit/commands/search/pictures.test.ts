import { expect, test } from 'vitest';
import { pictures, wantsPictures } from '../../../../lib/commands/search/pictures.ts';
import type { Entry } from '../../../../lib/identity/address-book.ts';

/** Entries with photos of these sizes; `undefined` has none, `'group'` is no person. */
async function ask(sizes: readonly (number | undefined | 'group')[], wish: object) {
  const entries = sizes.map((size, n) => (size === 'group' ? {} : { account: { id: `${n}` } }) as unknown as Entry);
  const photos = {
    async *each(ids: readonly (string | undefined)[]) {
      for (const id of ids) {
        const size = id === undefined ? undefined : sizes[Number(id)];
        yield typeof size === 'number' ? new Uint8Array(size) : undefined;
      }
    },
  };
  return (await pictures(photos, entries, wish)).map(({ Status, Data }) => [Status, Data?.length]);
}

test.each([
  ['all of them', [10, undefined, 20, 'group'], {}, [[1, 10], [173], [1, 20], [173]]],
  ['none that is larger', [10, 21, 20], { MaxSize: 20 }, [[1, 10], [174], [1, 20]]],
  [
    'the first that there are',
    [undefined, 10, 10, undefined, 10, 30],
    { MaxPictures: 2, MaxSize: 20 },
    [[173], [1, 10], [1, 10], [173], [175], [174]],
  ],
  ['none at all', [10, undefined], { MaxPictures: 0 }, [[175], [173]]],
  ['no more than an answer should carry', [1_500_000, 1_000_000, 400_000], {}, [[1, 1_500_000], [175], [1, 400_000]]],
  ['as many bytes as an answer carries', [2 * 1024 * 1024, 1], {}, [[1, 2 * 1024 * 1024], [175]]],
] as const)('photos: %s [MS-ASCMD R3286 R3288 R3289 R3295 R3296 R3297]', async (_, sizes, wish, expected) => {
  expect(await ask([...sizes], wish)).toEqual(expected.map(([status, length]) => [status, length]));
});

test('versions before 14.1 have no pictures', () => {
  expect([121, 140, 141, 161].map((version) => wantsPictures({}, version as 161))).toEqual([false, false, true, true]);
  expect(wantsPictures(undefined, 161)).toBe(false);
});
