import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { createValidateCert } from '../../../lib/commands/validate-cert.ts';
import type { CommandContext } from '../../../lib/protocol/command.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const clock = new FakeClock();
const DAY = 86_400_000;

interface Made {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}
interface Wish {
  readonly name: string;
  readonly by?: Made;
  /** Signed with a key that is not the issuer's. */
  readonly forged?: boolean;
  readonly ca?: boolean;
  readonly usage?: string;
  readonly days?: readonly [from: number, to: number];
}

async function make({ name, by, forged = false, ca = false, usage, days = [-1, 10] }: Wish): Promise<Made> {
  const fresh = () =>
    webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
  const keys = await fresh();
  const signing = forged ? await fresh() : (by?.keys ?? keys);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: `0${name.length}`,
    subject: `CN=${name}`,
    issuer: by ? by.certificate.subject : `CN=${name}`,
    notBefore: new Date(clock.now() + days[0] * DAY),
    notAfter: new Date(clock.now() + days[1] * DAY),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: signing.privateKey,
    extensions: [new BasicConstraintsExtension(ca), ...(usage ? [new ExtendedKeyUsageExtension([usage])] : [])],
  });
  return { certificate, keys };
}

const base64 = ({ certificate }: Made) => Buffer.from(certificate.rawData).toString('base64');

async function world() {
  const root = await make({ name: 'Root', ca: true });
  const middle = await make({ name: 'Middle', ca: true, by: root });
  const command = createValidateCert([root.certificate.toString('pem')]);
  const check = async (leaf: Made, chain: readonly Made[] = [middle], CheckCRL?: boolean) => {
    const request = {
      CertificateChain: { Certificate: chain.map(base64) },
      Certificates: { Certificate: [base64(leaf)] },
      CheckCRL,
    };
    const result = await command.run(
      { clock, signal: new AbortController().signal } as unknown as CommandContext,
      request,
    );
    if (result.kind !== 'document') throw new Error(result.kind);
    return result.document.Certificate![0]!.Status;
  };
  return { root, middle, check };
}

describe('ValidateCert says', () => {
  it('1 to a certificate with a way to a trusted root [MS-ASCMD R4474 R687 R688]', async () => {
    const { middle, root, check } = await world();
    expect(await check(await make({ name: 'ann', by: middle }))).toBe(1);
    expect(await check(await make({ name: 'bob', by: root }), [])).toBe(1);
    expect(await check(await make({ name: 'cyd', by: middle, usage: ExtendedKeyUsage.emailProtection }))).toBe(1);
    // The client may send the root along.
    expect(await check(await make({ name: 'dan', by: middle }), [middle, root])).toBe(1);
  });

  it('3 where the signature is not the issuer’s [MS-ASCMD R4479]', async () => {
    const { middle, check } = await world();
    expect(await check(await make({ name: 'eve', by: middle, forged: true }))).toBe(3);
  });

  it('4 without a way to a trusted root [MS-ASCMD R4482]', async () => {
    const { middle, check } = await world();
    const stranger = await make({ name: 'Stranger', ca: true });
    expect(await check(await make({ name: 'ann', by: stranger }), [stranger])).toBe(4);
    expect(await check(await make({ name: 'ann', by: middle }), [])).toBe(4);
    expect(await check(await make({ name: 'myself' }))).toBe(4);
  });

  it('6 where it is not for mail [MS-ASCMD R4488]', async () => {
    const { middle, check } = await world();
    expect(await check(await make({ name: 'www', by: middle, usage: ExtendedKeyUsage.serverAuth }))).toBe(6);
  });

  it('7 outside of its time, 8 where that is so of one above it [MS-ASCMD R686 R687 R4491 R4494]', async () => {
    const { root, middle, check } = await world();
    expect(await check(await make({ name: 'old', by: middle, days: [-20, -1] }))).toBe(7);
    expect(await check(await make({ name: 'early', by: middle, days: [1, 20] }))).toBe(7);
    const past = await make({ name: 'Past', ca: true, by: root, days: [-20, -1] });
    expect(await check(await make({ name: 'ann', by: past }), [past])).toBe(8);
  });

  it('11 where somebody signed who is no authority [MS-ASCMD R4504]', async () => {
    const { middle, check } = await world();
    const ann = await make({ name: 'ann', by: middle });
    expect(await check(await make({ name: 'eve', by: ann }), [ann, middle])).toBe(11);
  });

  it('14 where the state of revocation must be known: it is not [MS-ASCMD R893 R895 R4512]', async () => {
    const { middle, check } = await world();
    const ann = await make({ name: 'ann', by: middle });
    expect([await check(ann, [middle], true), await check(ann, [middle], false)]).toEqual([14, 1]);
  });

  it('4 to a chain that goes round in a circle, and ends', async () => {
    const { check } = await world();
    const one = await make({ name: 'One', ca: true });
    const two = await make({ name: 'Two', ca: true, by: one });
    const again = await make({ name: 'One', ca: true, by: two });
    expect([3, 4]).toContain(await check(await make({ name: 'ann', by: again }), [again, two]));
  });
});
