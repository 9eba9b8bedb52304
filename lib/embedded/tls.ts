import { randomBytes, webcrypto } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import path from 'node:path';
// The certificate library's dependency injection needs it before it is loaded.
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Clock } from '../ops/clock.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
/** iOS 13 and later refuse server certificates that are valid for more than 825 days (support.apple.com/103769). */
const HOST_DAYS = 397;
const CA_DAYS = 3_650;

/** A private certificate authority and what it signed, all PEM. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Every name and address by which a phone on the same network could reach this machine. */
export function localNames(extra: readonly string[] = []): readonly string[] {
  const addresses = Object.values(networkInterfaces())
    .flat()
    .filter((found) => found !== undefined && !found.address.startsWith('fe80'))
    .map((found) => found!.address);
  const name = hostname();
  const names = [name, name.includes('.') ? name : `${name}.local`, 'localhost', ...addresses, ...extra];
  return [...new Set(names.filter((each) => each.length > 0))];
}

/**
 * The certificate that `--tls` serves: a CA made once in `dir`, and a host certificate that is made again when names
 * are missing from it or it is about to expire. Keys are readable by the owner alone.
 */
export async function ensureTls(dir: string, names: readonly string[], clock: Clock): Promise<TlsFiles> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const ca = (await load(dir, 'ca')) ?? (await makeCa(dir, clock));
  const host = await load(dir, 'host');
  const fresh = host && stillGood(host.cert, ca.cert, names, clock) ? host : await makeHost(dir, ca, names, clock);
  return { ca: ca.cert, cert: fresh.cert + ca.cert, key: fresh.key };
}

interface Pair {
  readonly cert: string;
  readonly key: string;
}

async function load(dir: string, name: string): Promise<Pair | undefined> {
  if (!existsSync(path.join(dir, `${name}.key`))) return undefined;
  const [cert, key] = await Promise.all([
    readFile(path.join(dir, `${name}.crt`), 'utf8'),
    readFile(path.join(dir, `${name}.key`), 'utf8'),
  ]);
  return { cert, key };
}

function stillGood(pem: string, ca: string, names: readonly string[], clock: Clock): boolean {
  const certificate = new X509Certificate(pem);
  if (certificate.issuer !== new X509Certificate(ca).subject) return false;
  if (certificate.notAfter.getTime() < clock.now() + 30 * DAY_MS) return false;
  const held = certificate.getExtension(SubjectAlternativeNameExtension)?.names.items.map((each) => each.value) ?? [];
  const known = new Set(held.map((each) => each.toLowerCase()));
  return names.every((name) => known.has(name.toLowerCase()));
}

async function makeCa(dir: string, clock: Clock): Promise<Pair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=Direct Push private CA ${randomBytes(3).toString('hex')}, O=${hostname().replaceAll(/[^\w.-]/g, '')}`,
    notBefore: new Date(clock.now() - DAY_MS),
    notAfter: new Date(clock.now() + CA_DAYS * DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return save(dir, 'ca', certificate, keys.privateKey);
}

async function makeHost(dir: string, ca: Pair, names: readonly string[], clock: Clock): Promise<Pair> {
  const issuer = new X509Certificate(ca.cert);
  const [encoded] = PemConverter.decode(ca.key);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', encoded!, ALGORITHM, false, ['sign']);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${(names[0] ?? 'localhost').replaceAll(/[^\w.-]/g, '')}`,
    issuer: issuer.subject,
    notBefore: new Date(clock.now() - DAY_MS),
    notAfter: new Date(clock.now() + HOST_DAYS * DAY_MS),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) ? 'ip' : 'dns', value: name }) as const),
      ),
    ],
  });
  return save(dir, 'host', certificate, keys.privateKey);
}

async function save(dir: string, name: string, certificate: X509Certificate, key: webcrypto.CryptoKey): Promise<Pair> {
  const pair = {
    cert: `${certificate.toString('pem')}\n`,
    key: `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`,
  };
  // The certificate first: a key file alone says that the pair is whole.
  await replace(path.join(dir, `${name}.crt`), pair.cert, 0o644);
  await replace(path.join(dir, `${name}.key`), pair.key, 0o600);
  return pair;
}

async function replace(file: string, text: string, mode: number): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, text, { mode });
  await chmod(draft, mode);
  await rename(draft, file);
}

function serial(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f;
  return bytes.toString('hex');
}
