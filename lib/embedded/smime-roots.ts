import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { BadOption } from './options.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * The authorities of a PEM file, one text each: companies sign the certificates of their people themselves.
 * @throws BadOption for a file that cannot be read, holds none, or one that is broken: found at the start, not by a phone
 */
export async function readRoots(file: string | undefined): Promise<readonly string[]> {
  if (file === undefined) return [];
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new BadOption(`smimeRoots: ${file} cannot be read`, { cause });
  });
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0) throw new BadOption(`smimeRoots: ${file} has no PEM certificate`);
  found.forEach((pem, n) => {
    try {
      new X509Certificate(pem);
    } catch (cause) {
      throw new BadOption(`smimeRoots: certificate ${n + 1} of ${file} is broken`, { cause });
    }
  });
  return found;
}
