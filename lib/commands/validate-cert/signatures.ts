import type { X509Certificate } from 'node:crypto';

/** The request has had as many signatures verified as one may. */
export class Overspent extends Error {
  override readonly name = 'Overspent';
}

/** Certificates of one message need a few; chains that are built to cost time reach it. */
export const MOST_SIGNATURES = 200;

/**
 * The signatures of one request: each pair is verified once, and only so many are, since every one of them keeps the
 * process from everything else.
 */
export class Signatures {
  readonly #known = new Map<string, boolean>();
  readonly #most: number;

  constructor(most: number = MOST_SIGNATURES) {
    this.#most = most;
  }

  /** @throws Overspent */
  verifies(certificate: X509Certificate, issuer: X509Certificate): boolean {
    const pair = `${certificate.fingerprint256} ${issuer.fingerprint256}`;
    const known = this.#known.get(pair);
    if (known !== undefined) return known;
    if (this.#known.size >= this.#most) throw new Overspent('too many signatures in one request');
    const verified = signedBy(certificate, issuer);
    this.#known.set(pair, verified);
    return verified;
  }
}

function signedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    // A key of another kind than the signature.
    return false;
  }
}
