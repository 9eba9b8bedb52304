import { StatusFailure } from '../status-failure.ts';

/** MS-ASCMD 2.2.3.177.13, of a Store; the rest speaks of document libraries, which this server does not have. */
export const Status = {
  Success: 1,
  Invalid: 2,
  Server: 3,
  NotFound: 6,
  TooComplex: 8,
  FolderSync: 11,
  Range: 12,
  /** Common status: a message part is HTML and nothing else. */
  BodyPartType: 164,
} as const;

/** Ends a search with a status of its Store. */
export class SearchFailed extends StatusFailure {
  override readonly name = 'SearchFailed';
}
