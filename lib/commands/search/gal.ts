import type { Gal } from '../../documents/items/gal.ts';
import type { Entry } from '../../identity/address-book.ts';
import type { Photos } from '../../identity/photos.ts';
import type { ProtocolVersion } from '../../protocol/versions.ts';
import { type PictureWish, pictures, wantsPictures } from './pictures.ts';

/** Only what there is (R3691, R3692); a Picture is told of where one was asked for. */
export async function galResults(
  entries: readonly Entry[],
  version: ProtocolVersion,
  wish: PictureWish | undefined,
  photos: Pick<Photos, 'each'>,
): Promise<readonly Gal[]> {
  const found = wish && wantsPictures(wish, version) ? await pictures(photos, entries, wish) : [];
  return entries.map((entry, n) => {
    const { displayName: DisplayName, alias: Alias, firstName: FirstName, lastName: LastName, address } = entry;
    const photo = found[n] ? { Picture: found[n] } : {};
    return { DisplayName, Alias, FirstName, LastName, EmailAddress: address, ...photo };
  });
}
