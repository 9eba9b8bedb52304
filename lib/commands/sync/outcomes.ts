import { QuotaExceeded } from '../../mailbox/quota.ts';
import { ItemChanged, NoItem } from '../../mailbox/types.ts';
import { WbxmlError } from '../../wbxml/index.ts';
import { SyncStatus } from './status.ts';

/** Ends an update without a change. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** Ends of an attempt that are no failures: nothing changed, or what was to change is another by now. */
export function orNothing(error: unknown): undefined | 'again' | typeof SyncStatus.NoSpace {
  if (error instanceof ItemChanged) return 'again';
  if (error instanceof QuotaExceeded) return SyncStatus.NoSpace;
  if (error instanceof Refused || error instanceof NoItem) return undefined;
  throw error;
}

/** The rest of the collection goes on: a full mailbox may not keep its phone from deleting. */
export function noSpace(error: unknown): undefined {
  if (!(error instanceof QuotaExceeded)) throw error;
}

/** `undefined` for data that the class cannot read: status 6 (MS-ASCMD R4440). */
export async function readable<T>(read: () => Promise<T> | T): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof WbxmlError) return undefined;
    throw error;
  }
}
