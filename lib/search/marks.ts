import type { Mark } from './types.ts';

export const sameMark = (a: Mark | undefined, b: Mark | undefined): boolean =>
  a?.seq === b?.seq && a?.n === b?.n && a?.below === b?.below;
