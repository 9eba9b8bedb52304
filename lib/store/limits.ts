/** A validated option. @throws RangeError naming the option, for NaN as for anything outside `min..max`. */
export function limit(name: string, value: number, min: number, max: number): number {
  if (!(value >= min && value <= max)) throw new RangeError(`${name} must be between ${min} and ${max}`);
  return value;
}
