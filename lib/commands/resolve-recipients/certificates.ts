import type { Certificates } from '../../identity/certificates.ts';
import type { Account } from '../../identity/types.ts';

/** MS-ASCMD 2.2.3.22. */
export const Retrieval = { None: 1, Full: 2, Mini: 3 } as const;

/** Of the Certificates element (MS-ASCMD 2.2.3.177.12). */
export const Status = { Success: 1, NoCertificate: 7, LimitReached: 8 } as const;

export interface ToldCertificates {
  readonly Status: number;
  readonly CertificateCount: number;
  readonly RecipientCount: number;
  readonly Certificate?: readonly Uint8Array[];
}

/** A directory without certificates. */
export const NO_CERTIFICATES: Pick<Certificates, 'valid'> = { valid: async () => [] };

/** How many certificates an answer may hold; those of one recipient come whole or not at all (R851, R3255). */
export class CertificateBudget {
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  take(count: number): boolean {
    if (count > this.#left) return false;
    this.#left -= count;
    return true;
  }
}

/**
 * Of one recipient: somebody, or everybody in a group. `recipients` is how many those are, so that a client can tell
 * whether all of them could read what it encrypts. A mini certificate is a form that nobody describes: there is none.
 */
export async function certificatesOf(
  certificates: Pick<Certificates, 'valid'>,
  accounts: readonly Account[],
  { retrieval, recipients, budget }: { retrieval: number; recipients: number; budget: CertificateBudget },
): Promise<ToldCertificates> {
  const none = { Status: Status.NoCertificate, CertificateCount: 0, RecipientCount: recipients };
  if (retrieval !== Retrieval.Full) return none;
  const found: Uint8Array[] = [];
  for (const { id } of accounts) for (const { der } of await certificates.valid(id)) found.push(der);
  if (found.length === 0) return none;
  const count = { CertificateCount: found.length, RecipientCount: recipients };
  if (!budget.take(found.length)) return { Status: Status.LimitReached, ...count };
  return { Status: Status.Success, ...count, Certificate: found };
}
