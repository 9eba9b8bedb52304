import type { ItemRef } from '../../mailbox/server-id.ts';
import type { Item, Mailbox } from '../../mailbox/types.ts';

/** Moves that are followed: a rule, a person and another phone. */
const MAX_MOVES = 5;

/** The item, also where it went since the client was told of it; `undefined` where it is no more. */
export async function findItem(mailbox: Mailbox, from: ItemRef): Promise<Item | undefined> {
  let ref: ItemRef | undefined = from;
  for (let hop = 0; ref && hop <= MAX_MOVES; hop++) {
    const item: Item | undefined = (await mailbox.items(ref.folder, [ref.item])).get(ref.item);
    if (item) return item;
    ref = await mailbox.moved(ref.folder, ref.item);
  }
  return undefined;
}
