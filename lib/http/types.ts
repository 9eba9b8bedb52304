import type { ProtocolVersion } from '../protocol/versions.ts';

/** A request as every host gives it. Header names in lower case; repeated headers joined with `, `. */
export interface EasRequest {
  readonly method: string;
  /** Path without the query, as sent. */
  readonly path: string;
  /** Raw query without the question mark, not URL-decoded. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** The peer's address as far as it can be trusted. */
  readonly source: string;
  /** The name and scheme by which the client reached us; for Autodiscover and redirects. */
  readonly origin: string;
}

export interface EasResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/**
 * A request that waits. Plain data: no promise or signal lives while the phone waits, the host keeps its socket and
 * this. Exactly one of `complete`'s sink call and `abandon` ends it.
 */
export interface Held {
  readonly kind: 'held';
  /** Unique for the life of the process; for logs. */
  readonly key: string;
  /** Epoch milliseconds at which the answer comes at the latest. */
  readonly deadline: number;
  /** Gives the place where the answer goes. Called once by the host, at once; the sink may run synchronously. */
  complete(sink: (response: EasResponse) => void): void;
  /** The client went away: forget it. Harmless after the answer. */
  abandon(): void;
}

/** The product: what every host calls. The signal aborts when the client goes away while the request is worked on. */
export type Handler = (request: EasRequest, signal: AbortSignal) => Promise<EasResponse | Held>;

/** What the query says, plain or base64 (MS-ASHTTP 2.2.1.1.1). */
export interface EasQuery {
  /** Command name as registered, e.g. `Sync`; as sent where it is not known. */
  readonly command: string;
  readonly deviceId: string;
  readonly deviceType: string;
  readonly user?: string;
  /** From a base64 query only; a plain query names it in the header `MS-ASProtocolVersion`. */
  readonly version?: ProtocolVersion;
  readonly policyKey?: string;
  readonly locale?: number;
  readonly encoding: 'plain' | 'base64';
  readonly attachmentName?: string;
  readonly collectionId?: string;
  readonly itemId?: string;
  readonly longId?: string;
  readonly occurrence?: string;
  readonly saveInSent?: boolean;
  readonly acceptMultiPart?: boolean;
}
