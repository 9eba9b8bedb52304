import type { Item, LogRow } from './types.ts';

/**
 * What a filter must know of an item as it was before a change, for classes whose membership in a window can change
 * without the item moving. Mail needs nothing: its id carries the date that FilterType looks at.
 */
export function membership(_before: Item): LogRow['was'] {
  return undefined;
}
