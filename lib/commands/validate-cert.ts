import { X509Certificate } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { ValidateCertRequest, ValidateCertResponse } from '../documents/validate-cert.ts';
import { type Command, type CommandContext, document } from '../protocol/command.ts';
import { CertStatus, checkCertificate, readCertificate, type Trust } from './validate-cert/check.ts';
import { Signatures } from './validate-cert/signatures.ts';

/** MS-ASCMD 2.2.3.177.18. */
export const Status = { Success: 1, Protocol: 2 } as const;
/** R5662. */
const MAX_CERTIFICATES = 100;
const UNREADABLE: ReadonlySet<number> = new Set([103, 104]);

/**
 * MS-ASCMD 2.2.1.22: whether certificates of S/MIME are good now. No revocation list is asked for: an unknown state is
 * passed over unless the client wants it known (R893, R895).
 * @param roots PEM of the authorities that are trusted
 */
export function createValidateCert(roots: readonly string[]): Command<ValidateCertRequest, ValidateCertResponse> {
  let parsed: readonly X509Certificate[] | undefined;
  // A hundred and more: only where somebody asks.
  const trusted = () => {
    parsed ??= roots.map((pem) => new X509Certificate(pem));
    return parsed;
  };
  return {
    name: 'ValidateCert',
    code: 22,
    request: ValidateCertRequest,
    response: ValidateCertResponse,
    body: 'required',
    needsPolicy: true,
    run: async (context, request) => document(await validate(context, request!, trusted)),
    failure: (status) => ({ Status: UNREADABLE.has(status) ? Status.Protocol : status }),
  };
}

async function validate(
  { clock, signal }: CommandContext,
  request: ValidateCertRequest,
  trusted: () => readonly X509Certificate[],
): Promise<ValidateCertResponse> {
  const given = request.Certificates.Certificate;
  const above = request.CertificateChain?.Certificate ?? [];
  if (given.length === 0 || given.length > MAX_CERTIFICATES || above.length > MAX_CERTIFICATES) {
    return { Status: Status.Protocol };
  }
  const chain = above.map(readCertificate).filter((each) => each !== undefined);
  const signatures = new Signatures();
  const trust: Trust = { roots: trusted(), now: clock.now(), revocation: request.CheckCRL === true, signatures };
  const Certificate: { Status: number }[] = [];
  for (const text of given) {
    const certificate = readCertificate(text);
    Certificate.push({ Status: certificate ? checkCertificate(certificate, chain, trust) : CertStatus.Malformed });
    // Each may take many milliseconds, in which nobody else is answered.
    await turn();
    signal.throwIfAborted();
  }
  return { Status: Status.Success, Certificate };
}
