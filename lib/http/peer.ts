/** Where a request comes from and by which name it reached us, as far as either can be trusted. */
export interface Peer {
  readonly source: string;
  readonly origin: string;
}

/** Headers that a load balancer writes, in lower case. */
type Headers = Readonly<Record<string, string | undefined>>;

/**
 * @param hops how many proxies of ours are in front. Each appends the address of its own peer to `X-Forwarded-For`, so
 *   the entry that many places from the end is the first that no stranger could write. With 0 the header is ignored.
 */
export function peerOf(headers: Headers, address: string | undefined, encrypted: boolean, hops: number): Peer {
  const forwarded = hops > 0 ? (headers['x-forwarded-for']?.split(',') ?? []) : [];
  const entry = forwarded.at(-Math.min(hops, forwarded.length))?.trim();
  const named = hops > 0 ? headers['x-forwarded-proto']?.trim().toLowerCase() : undefined;
  const scheme = named === 'https' || named === 'http' ? named : encrypted ? 'https' : 'http';
  return { source: plainAddress(entry || address || ''), origin: `${scheme}://${hostOf(headers.host)}` };
}

/** An IPv4 address is one source, however the socket writes it; ALB may append the port. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '').replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
}

/** The name goes into links and documents: nothing but a host and a port passes. */
function hostOf(host: string | undefined): string {
  return host && /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(host) ? host : 'localhost';
}
