/** Whether a pattern with `*` (anything) and `?` (one character) is the whole text, in any case. Linear in practice, never exponential. */
export function globMatches(pattern: string, text: string): boolean {
  const [wanted, given] = [[...pattern.toLowerCase()], [...text.toLowerCase()]];
  let [p, t] = [0, 0];
  /** The last star, and the text at which it was tried: only the last one ever has to take more. */
  let star = -1;
  let tried = 0;
  while (t < given.length) {
    if (wanted[p] === '*') {
      star = p++;
      tried = t;
    } else if (p < wanted.length && (wanted[p] === '?' || wanted[p] === given[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++tried;
    } else return false;
  }
  while (wanted[p] === '*') p++;
  return p === wanted.length;
}
