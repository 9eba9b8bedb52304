import type { EasQuery } from '../http/types.ts';
import type { Account, Device } from '../identity/types.ts';
import type { Mailbox } from '../mailbox/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/log.ts';
import type { HoldSpec } from '../push/types.ts';
import type { Schema } from '../wbxml/schema.ts';
import type { ProtocolVersion, VersionRange } from './versions.ts';

/** What every command gets. Services that only some commands need are given to the command when it is made. */
export interface CommandContext {
  readonly version: ProtocolVersion;
  readonly account: Account;
  readonly mailbox: Mailbox;
  readonly device: Device;
  readonly query: EasQuery;
  /** The X-MS-PolicyKey of the header or the query. */
  readonly policyKey: string | undefined;
  readonly userAgent: string | undefined;
  /** Which host serves the request; only `task` may hold one for long. */
  readonly lane: 'lambda' | 'task';
  readonly requestId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Headers a command may add: MS-ASProtocolVersions and X-MS-RP on a first FolderSync, for example. */
export type ExtraHeaders = Readonly<Record<string, string>>;

/** Bytes that leave while they are read, so that they are never whole in memory. */
export interface Piece {
  /** Exact: Content-Length is made from it. */
  readonly size: number;
  /** Called once at most, when the answer is on its way. */
  stream(): AsyncIterable<Uint8Array>;
}

export type CommandResult<Response> =
  | { readonly kind: 'document'; readonly document: Response; readonly headers?: ExtraHeaders }
  /** HTTP 200 with Content-Length 0: an empty Sync answer for 12.1 and later. */
  | { readonly kind: 'empty' }
  /** The document, and the data of its `Part` elements behind it: part 1 is the first (MS-ASCMD 2.2.1.10.1.1). */
  | { readonly kind: 'multipart'; readonly document: Response; readonly parts: readonly Piece[] }
  /** A document in which the text `placeholder`, there once, stands for the base64 of its piece. */
  | {
      readonly kind: 'inlined';
      readonly document: Response;
      readonly pieces: readonly { readonly placeholder: string; readonly piece: Piece }[];
    }
  /** No document at all: GetAttachment. */
  | { readonly kind: 'file'; readonly contentType: string; readonly piece: Piece }
  /** `answer` of the hold gives `document` or `empty`. */
  | { readonly kind: 'held'; readonly hold: HoldSpec<CommandResult<Response>> };

export const document = <R>(value: R, headers?: ExtraHeaders): CommandResult<R> => ({
  kind: 'document',
  document: value,
  headers,
});
export const EMPTY = { kind: 'empty' } as const;

/** A command of MS-ASCMD. `run` decides; it never sees bytes, tags or HTTP. */
export interface Command<Request, Response> {
  readonly name: string;
  /** The byte of a base64 query (MS-ASHTTP 2.2.1.1.1.1.2). */
  readonly code: number;
  readonly request: Schema<Request>;
  readonly response: Schema<Response>;
  /** `optional`: the request may come without a body (Ping and Sync repeat what is cached, Provision after a wipe). */
  readonly body: 'required' | 'optional' | 'none';
  /** For a command whose body was a mail message before it became a document: SendMail and its kin up to 12.1. */
  readonly mime?: MimeBody<Request>;
  /** Where not every version of the protocol has the command; in the others it is answered with 138. */
  readonly versions?: VersionRange;
  /** `false` for Ping (MS-ASPROV R61103) and Provision. */
  readonly needsPolicy: boolean;
  /** `request` is undefined when the body is empty. Rejects with `ProtocolFailure` or an unexpected error, never with a status that it could answer. */
  run(context: CommandContext, request: Request | undefined): Promise<CommandResult<Response>>;
  /**
   * The command's own answer with nothing but this common status code, for versions >= 14.0 (MS-ASCMD 2.2.2). Throws
   * where it has none: then HTTP says it.
   */
  failure(status: number): Response;
}

/** How a body of `message/rfc822` and the parameters of the query make the request that a document makes later. */
export interface MimeBody<Request> {
  /** The last version that sends it. */
  readonly upTo: ProtocolVersion;
  read(message: Uint8Array, query: EasQuery): Request;
}

/** The registry's view of a command, whatever its documents are. */
// biome-ignore lint/suspicious/noExplicitAny: a registry of commands has no common document type
export type AnyCommand = Command<any, any>;

/**
 * A request that this protocol answers with a common status code (MS-ASCMD 2.2.2) or its HTTP equivalent for versions
 * up to 12.1; `statuses.ts` maps one to the other and to a metric label.
 */
export class ProtocolFailure extends Error {
  override readonly name = 'ProtocolFailure';
  readonly status: number;
  readonly headers: ExtraHeaders;
  constructor(status: number, message: string, options?: ErrorOptions & { readonly headers?: ExtraHeaders }) {
    super(message, options);
    this.status = status;
    this.headers = options?.headers ?? {};
  }
}
