import 'reflect-metadata';
import { X509Certificate as NodeCertificate, webcrypto } from 'node:crypto';
import { BasicConstraintsExtension, type X509Certificate, X509CertificateGenerator } from '@peculiar/x509';
import { describe, expect, test, vi } from 'vitest';
import { checkCertificate, readCertificate, type Trust } from '../../../../lib/commands/validate-cert/check.ts';
import { MOST_SIGNATURES, Signatures } from '../../../../lib/commands/validate-cert/signatures.ts';
import { createValidateCert } from '../../../../lib/commands/validate-cert.ts';
import type { CommandContext } from '../../../../lib/protocol/command.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const ED = { name: 'Ed25519' } as const;
const clock = new FakeClock();
/** Certificates know seconds. */
const NOW = Math.floor(clock.now() / 1000) * 1000;
const DAY = 86_400_000;
const MOST = 100;

interface Made {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly algorithm: typeof EC;
}
interface Over {
  /** No authority. */
  readonly end?: boolean;
  readonly algorithm?: typeof ED;
}

let serial = 0;
async function make(name: string, by?: Made, over: Over = {}): Promise<Made> {
  const algorithm = (over.algorithm ?? EC) as typeof EC;
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: `${10 + ++serial}`,
    subject: `CN=${name}`,
    issuer: by?.certificate.subject ?? `CN=${name}`,
    notBefore: new Date(NOW - DAY),
    notAfter: new Date(NOW + DAY),
    signingAlgorithm: by?.algorithm ?? algorithm,
    publicKey: keys.publicKey,
    signingKey: (by?.keys ?? keys).privateKey,
    extensions: [new BasicConstraintsExtension(!over.end)],
  });
  return { certificate, keys, algorithm };
}
const base64 = ({ certificate }: Made) => Buffer.from(certificate.rawData).toString('base64');
const parsed = (made: Made) => new NodeCertificate(Buffer.from(made.certificate.rawData));

describe('a certificate that a client sends', () => {
  test('is DER in base64, on one line or on many', async () => {
    const text = base64(await make('Root'));
    expect(readCertificate(text)?.subject).toBe('CN=Root');
    expect(readCertificate(` ${text.replace(/.{64}/g, '$&\r\n  ')}\n`)?.subject).toBe('CN=Root');
  });

  test.each<[string, (text: string) => string]>([
    ['nothing', () => ' '],
    ['no base64 at its beginning', (text) => `!${text}`],
    ['no base64 at its end', (text) => `${text}!`],
    ['something else', () => Buffer.from('no certificate').toString('base64')],
    ['longer than certificates are', (text) => `${text.replace(/=*$/, '')}${'A'.repeat(64 * 1024)}`],
  ])('is none where it is %s', async (_, spoil) => {
    expect(readCertificate(spoil(base64(await make('Root'))))).toBeUndefined();
  });
});

describe('a certificate is checked', () => {
  const trust = (roots: readonly Made[], now = NOW): Trust => ({
    roots: roots.map(parsed),
    now,
    revocation: false,
    signatures: new Signatures(),
  });
  const check = (leaf: Made, chain: readonly Made[], against: Trust) =>
    checkCertificate(parsed(leaf), chain.map(parsed), against);

  test('from its first moment to its last', async () => {
    const root = await make('Root');
    const leaf = await make('ann', root, { end: true });
    const at = (now: number) => check(leaf, [], trust([root], now));
    expect([NOW - DAY - 1, NOW - DAY, NOW + DAY, NOW + DAY + 1].map(at)).toEqual([7, 1, 1, 7]);
  });

  test('against each of the trusted roots', async () => {
    const roots = [await make('One'), await make('Two'), await make('Three')];
    const leaf = await make('ann', roots[1], { end: true });
    expect(check(leaf, [], trust(roots))).toBe(1);
  });

  test('up to ten authorities above it', async () => {
    const chain = [await make('A0')];
    for (let n = 1; n <= 10; n++) chain.push(await make(`A${n}`, chain.at(-1)));
    const of = async (depth: number) =>
      check(await make('ann', chain[depth - 1], { end: true }), chain, trust([chain[0]!]));
    expect(await of(10)).toBe(1);
    expect(await of(11)).toBe(4);
  });

  test('against four authorities of one name, and no more', async () => {
    const same: Made[] = [];
    for (let n = 0; n < 5; n++) same.push(await make('Same'));
    const leaf = await make('ann', same[4], { end: true });
    expect(check(leaf, [], trust(same.slice(1)))).toBe(1);
    expect(check(leaf, [], trust(same))).toBe(3);
  });

  test('against a key of another kind, which cannot have signed it', async () => {
    const root = await make('Root');
    const other = await make('Root', undefined, { algorithm: ED });
    const leaf = await make('ann', root, { end: true });
    expect(check(leaf, [], trust([other]))).toBe(3);
    expect(check(leaf, [], trust([other, root]))).toBe(1);
  });
});

describe('a request of ValidateCert', () => {
  const { signal } = new AbortController();
  async function ask(count: number, chain?: readonly string[]) {
    const root = await make('Root');
    const leaf = base64(await make('ann', root, { end: true }));
    const command = createValidateCert([root.certificate.toString('pem')]);
    const request = {
      CertificateChain: chain && { Certificate: [...chain] },
      Certificates: { Certificate: Array.from({ length: count }, () => leaf) },
    };
    const result = await command.run({ clock, signal } as unknown as CommandContext, request as never);
    return result.kind === 'document' ? result.document : undefined;
  }

  test('is of as many certificates as it may, and not of none', async () => {
    expect(await ask(0)).toEqual({ Status: 2 });
    expect((await ask(MOST))?.Certificate).toHaveLength(MOST);
    expect(await ask(MOST + 1)).toEqual({ Status: 2 });
  });

  test('has as long a chain, in which what cannot be read counts for nothing', async () => {
    const junk = (count: number) => Array.from({ length: count }, () => 'junk');
    expect(await ask(1)).toMatchObject({ Status: 1, Certificate: [{ Status: 1 }] });
    expect(await ask(1, junk(MOST))).toMatchObject({ Status: 1, Certificate: [{ Status: 1 }] });
    expect(await ask(1, junk(MOST + 1))).toEqual({ Status: 2 });
  });

  /** Certificates of an authority with three namesakes that did not sign them. */
  async function costly(count: number, signed = signal) {
    const same: Made[] = [];
    for (let n = 0; n < 4; n++) same.push(await make('Same'));
    const leaves: string[] = [];
    for (let n = 0; n < count; n++) leaves.push(base64(await make(`ann${n}`, same[3], { end: true })));
    const command = createValidateCert([same[3]!.certificate.toString('pem')]);
    const request = {
      CertificateChain: { Certificate: same.slice(0, 3).map(base64) },
      Certificates: { Certificate: leaves.concat(leaves) },
    };
    let turns = 0;
    let ticking = setImmediate(function tick() {
      turns++;
      ticking = setImmediate(tick);
    });
    try {
      const result = await command.run({ clock, signal: signed } as unknown as CommandContext, request as never);
      if (result.kind !== 'document') throw new Error(result.kind);
      return { statuses: result.document.Certificate!.map(({ Status }) => Status), turns };
    } finally {
      clearImmediate(ticking);
    }
  }

  test('verifies each signature once, whoever asks for it again', async () => {
    const verify = vi.spyOn(NodeCertificate.prototype, 'verify');
    expect((await ask(MOST))?.Certificate?.every(({ Status }) => Status === 1)).toBe(true);
    expect(verify).toHaveBeenCalledTimes(1);
    verify.mockRestore();
  });

  test('stops when the client is gone', async () => {
    const controller = new AbortController();
    controller.abort(new Error('gone'));
    await expect(costly(2, controller.signal)).rejects.toThrow('gone');
  });

  test('lets others have their turn between two certificates', async () => {
    const { statuses, turns } = await costly(10);
    expect(statuses).toEqual(statuses.map(() => 1));
    expect(turns).toBeGreaterThan(0);
  });
});

describe('the signatures of a request', () => {
  test('are verified up to a number, past which a certificate is neither good nor bad', async () => {
    const root = await make('Root');
    const false1 = await make('Root');
    const leaves = await Promise.all([1, 2, 3].map((n) => make(`ann${n}`, root, { end: true })));
    const signatures = new Signatures(4);
    const trust: Trust = { roots: [parsed(false1), parsed(root)], now: NOW, revocation: false, signatures };
    const check = (leaf: Made) => checkCertificate(parsed(leaf), [], trust);
    expect(leaves.map(check)).toEqual([1, 1, 17]);
    // What is known costs nothing.
    expect(leaves.map(check)).toEqual([1, 1, 17]);
  });

  test('are enough for as many certificates as a request may have', () => {
    expect(MOST_SIGNATURES).toBeGreaterThan(MOST);
  });
});
