import type { Gal } from '../../documents/items/gal.ts';
import type { Entry } from '../../identity/address-book.ts';
import type { ProtocolVersion } from '../../protocol/versions.ts';

/** No entry has a photo (MS-ASCMD R3295). */
const NO_PICTURE = 173;

/** Only what there is (R3691, R3692); a Picture is told of where one was asked for. */
export function galProperties(entry: Entry, version: ProtocolVersion, picture: object | undefined): Gal {
  const { displayName: DisplayName, alias: Alias, firstName: FirstName, lastName: LastName, address } = entry;
  const photo = picture && version >= 141 ? { Picture: { Status: NO_PICTURE } } : {};
  return { DisplayName, Alias, FirstName, LastName, EmailAddress: address, ...photo };
}
