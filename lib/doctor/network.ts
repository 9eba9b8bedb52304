import { isIP } from 'node:net';
import tls from 'node:tls';
import { type Said, Trouble, type Visit } from './types.ts';

const DAY_MS = 86_400_000;
const EXPIRES_SOON_DAYS = 14;

const hostOf = ({ url }: Visit) => url.hostname.replace(/^\[|\]$/g, '');

export async function name(visit: Visit): Promise<Said> {
  const host = hostOf(visit);
  if (isIP(host)) return { detail: `${host} is an address` };
  try {
    const addresses = await visit.lookup(host);
    return { detail: `${host} is ${addresses.join(', ')}` };
  } catch (error) {
    throw new Trouble(`${host}: ${(error as Error).message}`, 'write an A, AAAA or CNAME record for it', error);
  }
}

/** Connection, certificate, chain: all is looked at before anything is said, and no secret is sent. */
export async function certificate(visit: Visit): Promise<Said> {
  const host = hostOf(visit);
  if (visit.url.protocol === 'http:') return plain(host);
  const socket = await connect(visit, host);
  try {
    const peer = socket.getPeerCertificate(true);
    const until = Date.parse(peer.valid_to);
    const days = Math.floor((until - visit.clock.now()) / DAY_MS);
    const names = peer.subjectaltname ?? `no names but the subject ${peer.subject?.CN}`;
    const seen = `${socket.getProtocol()}, ${names}, until ${new Date(until).toISOString().slice(0, 10)}`;
    const wrongName = tls.checkServerIdentity(host, peer);
    if (days < 0) throw new Trouble(`${seen}: expired ${-days} days ago`, 'renew it');
    if (wrongName) throw new Trouble(`${seen}: not for ${host}`, `use a certificate that names ${host}`);
    if (!socket.authorized) throw untrusted(seen, String(socket.authorizationError));
    if (days >= EXPIRES_SOON_DAYS) return { detail: seen };
    return { outcome: 'warning', detail: `${seen}: ${days} days are left`, advice: 'see why it is not renewed' };
  } finally {
    socket.destroy();
  }
}

function plain(host: string): Said {
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return { detail: 'no TLS, on this machine' };
  return { outcome: 'warning', detail: 'no TLS: anybody on the way reads the password', advice: 'serve HTTPS' };
}

function connect({ url, ca }: Visit, host: string): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host,
      port: Number(url.port || 443),
      servername: isIP(host) ? undefined : host,
      ca: trusted(ca),
      // The certificate is judged by its caller, who says more than that it is bad.
      rejectUnauthorized: false,
    });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const refused = error.code === 'ECONNREFUSED';
      const advice = refused
        ? 'nothing listens on this port'
        : 'is it open in the firewall, and does it speak TLS 1.2?';
      reject(new Trouble(error.message, advice, error));
    });
  });
}

/** The system's authorities and one more. */
export const trusted = (ca: string | undefined): string[] | undefined =>
  ca ? [...tls.rootCertificates, ca] : undefined;

function untrusted(seen: string, code: string): Trouble {
  const incomplete = code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' || code === 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY';
  const advice = incomplete
    ? 'serve the whole chain, the intermediate certificates after your own; or trust a private authority: --insecure-ca'
    : 'phones refuse it: use a public authority, or install your own on each phone and name it here: --insecure-ca';
  return new Trouble(`${seen}: not trusted (${code})`, advice);
}
