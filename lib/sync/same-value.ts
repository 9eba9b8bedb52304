/**
 * Whether two values would be stored as the same: plain objects, arrays and scalars, where an absent property is one that
 * is undefined. Every Sync compares so, so it makes nothing on its way.
 */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((each, at) => sameValue(each, b[at]))
    );
  }
  const one = a as Record<string, unknown>;
  const other = b as Record<string, unknown>;
  for (const name in one) if (!sameValue(one[name], other[name])) return false;
  for (const name in other) if (other[name] !== undefined && one[name] === undefined) return false;
  return true;
}
