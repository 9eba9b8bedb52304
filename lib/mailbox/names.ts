import { FolderInvalid } from './types.ts';

/** MS-ASCMD 6.15: DisplayName of FolderCreate and FolderUpdate. In UTF-16 units, as XML Schema counts nearly alike. */
export const MAX_NAME = 256;

/** C0, DEL and C1, line and paragraph separators, lone surrogates: what no folder list can show, and a NUL above all. */
const UNFIT = /[\p{Cc}\u2028\u2029\p{Cs}]/u;

/** The name as it is kept: composed, without blanks around it. @throws FolderInvalid */
export function folderName(given: string): string {
  // A hostile name may be of megabytes; normalising it is work.
  if (given.length > MAX_NAME * 4) throw new FolderInvalid('name too long');
  const name = given.normalize('NFC').trim();
  if (name === '') throw new FolderInvalid('name empty');
  if (name.length > MAX_NAME) throw new FolderInvalid('name too long');
  if (UNFIT.test(name)) throw new FolderInvalid('name with control characters');
  return name;
}

/** Siblings may not share it: names differ when they differ by more than case (MS-ASCMD R2198). */
export function nameKey(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
