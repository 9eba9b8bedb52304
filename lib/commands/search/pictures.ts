import type { Entry } from '../../identity/address-book.ts';
import type { Photos } from '../../identity/photos.ts';
import type { ProtocolVersion } from '../../protocol/versions.ts';

/** What a client wants of photos: bytes of each at most, and how many of them at most. */
export interface PictureWish {
  readonly MaxSize?: number;
  readonly MaxPictures?: number;
}

export interface Picture {
  readonly Status: number;
  readonly Data?: Uint8Array;
}

/** MS-ASCMD 2.2.3.177.13. */
export const Status = { Success: 1, NoPicture: 173, TooLarge: 174, LimitReached: 175 } as const;
/** Pictures came with 14.1. */
const FIRST_VERSION = 141;
/** Bytes of all photos of one answer, whatever the client asks for: a phone shows a list, and not at its leisure. */
const MOST_BYTES = 2 * 1024 * 1024;

export const wantsPictures = (wish: PictureWish | undefined, version: ProtocolVersion) =>
  wish !== undefined && version >= FIRST_VERSION;

/**
 * The photo of each entry, or why there is none: the first ones that have one get it. Who has none is told so also
 * after the limit, and so is whose photo is too large (R3287 - R3289, R3295 - R3297).
 */
export async function pictures(
  photos: Pick<Photos, 'each'>,
  entries: readonly Entry[],
  { MaxSize = Number.POSITIVE_INFINITY, MaxPictures = Number.POSITIVE_INFINITY }: PictureWish,
): Promise<readonly Picture[]> {
  const told: Picture[] = [];
  let left = MaxPictures;
  let bytes = MOST_BYTES;
  for await (const Data of photos.each(entries.map(({ account }) => account?.id))) {
    if (!Data) told.push({ Status: Status.NoPicture });
    else if (Data.length > MaxSize) told.push({ Status: Status.TooLarge });
    else if (left <= 0 || Data.length > bytes) told.push({ Status: Status.LimitReached });
    else {
      told.push({ Status: Status.Success, Data });
      left--;
      bytes -= Data.length;
    }
  }
  return told;
}
