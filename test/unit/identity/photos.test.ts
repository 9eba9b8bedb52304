import { expect, test } from 'vitest';
import { createPhotos, InvalidPhoto, MAX_PHOTO } from '../../../lib/identity/photos.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import { eachStore } from '../../support/stores.ts';

const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 1, 2);
const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 3);
const id = (n: number) => `m${n}` as MailboxId;

eachStore(
  (open) => {
    test('photos are kept, replaced and removed', async () => {
      const photos = createPhotos((await open()).table);
      expect(await photos.get(id(1))).toBeUndefined();
      await photos.set(id(1), JPEG);
      await photos.set(id(1), PNG);
      expect(Buffer.from((await photos.get(id(1)))!)).toEqual(Buffer.from(PNG));
      await photos.remove(id(1));
      await photos.remove(id(1));
      expect(await photos.get(id(1))).toBeUndefined();
    });

    test('photos of many come in their order, nobody among them', async () => {
      const { table } = await open();
      const photos = createPhotos(table);
      for (const n of [0, 13, 24]) await photos.set(id(n), Uint8Array.of(...JPEG, n));
      const ids = Array.from({ length: 25 }, (_, n) => (n === 5 ? undefined : id(n)));
      const found: (number | undefined)[] = [];
      for await (const photo of photos.each(ids)) found.push(photo?.at(-1));
      expect(found.flatMap((last, place) => (last === undefined ? [] : [[place, last]]))).toEqual([
        [0, 0],
        [13, 13],
        [24, 24],
      ]);
      expect(found).toHaveLength(25);
    });
  },
  ['sqlite', 'dynamo'],
);

test.each([
  ['text', Buffer.from('hello')],
  ['nothing', Buffer.alloc(0)],
  ['half a beginning', JPEG.subarray(0, 2)],
  ['too much', Buffer.concat([JPEG, Buffer.alloc(MAX_PHOTO)])],
])('%s is no photo', async (_, bytes) => {
  const none = {} as Parameters<typeof createPhotos>[0];
  await expect(createPhotos(none).set(id(1), bytes)).rejects.toThrow(InvalidPhoto);
});
