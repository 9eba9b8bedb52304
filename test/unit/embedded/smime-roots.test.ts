import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { BadOption, readOptions } from '../../../lib/embedded/options.ts';
import { readRoots } from '../../../lib/embedded/smime-roots.ts';
import { temporaryFolder } from '../../support/make-store.ts';

const [one, two] = rootCertificates as [string, string];

async function file(text: string): Promise<string> {
  const name = path.join(await temporaryFolder(), 'roots.pem');
  await writeFile(name, text);
  return name;
}

describe('authorities for S/MIME', () => {
  test('are all of the file, whatever is written between them', async () => {
    const roots = await readRoots(await file(`# One\r\n${one}\n\nTwo\n${two.replaceAll('\n', '\r\n')}\r\n`));
    expect(roots.map((pem) => pem.replaceAll('\r', ''))).toEqual([one.trim(), two.trim()]);
  });

  test('are none where no file is named', async () => expect(await readRoots(undefined)).toEqual([]));

  test.each([
    ['no certificate', 'no PEM', 'has no PEM certificate'],
    ['a broken one behind a good one', `${one}\n${two.slice(0, 60)}\n-----END CERTIFICATE-----`, 'certificate 2 of'],
  ])('are refused at the start where the file has %s', async (_, text, message) => {
    await expect(readRoots(await file(text))).rejects.toThrow(message);
  });

  test('are refused where there is no file', async () => {
    await expect(readRoots(path.join(await temporaryFolder(), 'none.pem'))).rejects.toThrow(BadOption);
  });

  test('come from a variable as well', () => {
    expect(readOptions({}, { SMIME_ROOTS: '/etc/roots.pem' }).smimeRoots).toBe('/etc/roots.pem');
  });
});
