/**
 * Why a document cannot be read or written:
 * - `wbxml`: the bytes are no WBXML of this protocol (common status 102);
 * - `xml`: well-formed, but not what the schema allows (common status 103);
 * - `dateTime`: a date that is none (common status 104);
 * - `limit`: larger or deeper than this server takes;
 * - `value`: the server's own value does not fit the schema, a bug.
 */
export type WbxmlErrorReason = 'wbxml' | 'xml' | 'dateTime' | 'limit' | 'value';

/** The one error of this codec. Neither message nor path ever quotes content, so both may be logged. */
export class WbxmlError extends Error {
  override readonly name = 'WbxmlError';
  readonly reason: WbxmlErrorReason;
  /** What is wrong, without the place. */
  readonly problem: string;
  /** `Sync/Collections/Collection[2]/SyncKey`; empty where no element is open. */
  readonly path: string;
  /** Byte offset in the document; undefined where the value never was bytes. */
  readonly offset: number | undefined;

  constructor(reason: WbxmlErrorReason, problem: string, path = '', offset?: number) {
    const at = path === '' ? '' : ` at ${path}`;
    super(`${problem}${at}${offset === undefined ? '' : ` (byte ${offset})`}`);
    this.reason = reason;
    this.problem = problem;
    this.path = path;
    this.offset = offset;
  }
}
