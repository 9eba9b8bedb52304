import { X509Certificate } from 'node:crypto';
import { Overspent, type Signatures } from './signatures.ts';

/** MS-ASCMD 2.2.3.177.18, of one certificate. */
export const CertStatus = {
  Valid: 1,
  BadSignature: 3,
  Untrusted: 4,
  Malformed: 5,
  NotForMail: 6,
  Expired: 7,
  ChainExpired: 8,
  NotAnAuthority: 11,
  RevocationUnknown: 14,
  ServerError: 17,
} as const;

export interface Trust {
  /** Certificates that are trusted by themselves. */
  readonly roots: readonly X509Certificate[];
  /** Epoch milliseconds. */
  readonly now: number;
  /** An unknown state of revocation counts as a failure (R893). */
  readonly revocation: boolean;
  readonly signatures: Signatures;
}

const EMAIL_PROTECTION = '1.3.6.1.5.5.7.3.4';
const ANY_USAGE = '2.5.29.37.0';
/** Authorities above a certificate; longer chains are built to cost time. */
const MAX_DEPTH = 10;
/** Authorities of one name that are tried: a renewed one, and one under another root. */
const MAX_NAMESAKES = 4;
/** A certificate is a few kilobytes. */
const MAX_LENGTH = 64 * 1024;

/** A certificate as clients send it: DER in base64. `undefined` for anything else. */
export function readCertificate(text: string): X509Certificate | undefined {
  const bare = text.replace(/\s+/g, '');
  if (bare === '' || bare.length > MAX_LENGTH || !/^[A-Za-z0-9+/]+={0,2}$/.test(bare)) return undefined;
  try {
    return new X509Certificate(Buffer.from(bare, 'base64'));
  } catch {
    return undefined;
  }
}

/** The first thing that is wrong with it: itself, its signature, then each authority above it up to a trusted root. */
export function checkCertificate(
  certificate: X509Certificate,
  chain: readonly X509Certificate[],
  trust: Trust,
): number {
  try {
    return check(certificate, chain, trust);
  } catch (error) {
    // What was checked so far says nothing of it, good or bad.
    if (error instanceof Overspent) return CertStatus.ServerError;
    throw error;
  }
}

function check(certificate: X509Certificate, chain: readonly X509Certificate[], trust: Trust): number {
  if (!inTime(certificate, trust.now)) return CertStatus.Expired;
  // Node gives the extended key usages here; without any, every usage is allowed.
  const usages = certificate.keyUsage as readonly string[] | undefined;
  if (usages && !usages.includes(EMAIL_PROTECTION) && !usages.includes(ANY_USAGE)) return CertStatus.NotForMail;
  let current = certificate;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const issuer = issuerOf(current, [...trust.roots, ...chain], trust.signatures);
    if (issuer === 'forged') return CertStatus.BadSignature;
    if (!issuer) return CertStatus.Untrusted;
    if (!issuer.ca) return CertStatus.NotAnAuthority;
    if (!inTime(issuer, trust.now)) return CertStatus.ChainExpired;
    if (isRoot(issuer, trust)) return trust.revocation ? CertStatus.RevocationUnknown : CertStatus.Valid;
    // Its own issuer, and nobody trusts it.
    if (issuer.fingerprint256 === current.fingerprint256) return CertStatus.Untrusted;
    current = issuer;
  }
  return CertStatus.Untrusted;
}

const isRoot = ({ fingerprint256 }: X509Certificate, { roots }: Trust) =>
  roots.some((root) => root.fingerprint256 === fingerprint256);

/** Who signed it; `forged` where somebody of the issuer's name is there, and none of them did. */
function issuerOf(
  certificate: X509Certificate,
  known: readonly X509Certificate[],
  signatures: Signatures,
): X509Certificate | 'forged' | undefined {
  const named = known.filter((each) => each.subject === certificate.issuer).slice(0, MAX_NAMESAKES);
  const signer = named.find((each) => signatures.verifies(certificate, each));
  return signer ?? (named.length > 0 ? 'forged' : undefined);
}

function inTime({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() <= now && now <= validToDate.getTime();
}
