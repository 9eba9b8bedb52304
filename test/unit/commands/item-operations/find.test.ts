import { expect, test } from 'vitest';
import { findItem } from '../../../../lib/commands/item-operations/find.ts';
import type { Mailbox } from '../../../../lib/mailbox/types.ts';
import type { FolderId, ItemId } from '../../../../lib/ops/ids.ts';

/** An item that was in folder `f0` and moved on `hops` times. */
function moved(hops: number, gone = false) {
  const last = `f${hops}`;
  const mailbox = {
    items: async (folder: string, [item]: string[]) => new Map(folder === last && !gone ? [[item, { folder }]] : []),
    moved: async (folder: string, item: string) =>
      folder === last ? undefined : { folder: `f${Number(folder.slice(1)) + 1}`, item },
  } as unknown as Mailbox;
  return findItem(mailbox, { folder: 'f0' as FolderId, item: 'x' as ItemId });
}

test('an item is found where it is, and where it went by up to five moves', async () => {
  expect(await moved(0)).toEqual({ folder: 'f0' });
  expect(await moved(5)).toEqual({ folder: 'f5' });
  expect(await moved(6)).toBeUndefined();
});

test('an item that is gone is not found, wherever it went before', async () => {
  expect(await moved(0, true)).toBeUndefined();
  expect(await moved(2, true)).toBeUndefined();
});
