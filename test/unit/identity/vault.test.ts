import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createVault, vaultKey, vaultKeyFile } from '../../../lib/identity/vault.ts';
import { temporaryFolder } from '../../support/stores.ts';

const key = (byte: number) => async () => new Uint8Array(32).fill(byte);

describe('a vault', () => {
  test('opens what it sealed, for the same owner (property)', async () => {
    const vault = createVault(key(1));
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), async (text, owner) => {
        const sealed = await vault.seal(text.toWellFormed(), owner);
        expect(await vault.open(sealed, owner)).toBe(text.toWellFormed());
        expect(await vault.open(sealed, `${owner}x`)).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });

  test('opens nothing that was changed, or sealed by another', async () => {
    const vault = createVault(key(1));
    const sealed = await vault.seal('secret', 'o');
    expect(sealed).not.toContain('secret');
    expect(await vault.seal('secret', 'o')).not.toBe(sealed);
    expect(await createVault(key(2)).open(sealed, 'o')).toBeUndefined();
    for (const other of ['', 'v1.', 'v1.AAAA', sealed.slice(3), `${sealed.slice(0, -3)}AAA`, `v2.${sealed.slice(3)}`]) {
      expect(await vault.open(other, 'o')).toBeUndefined();
    }
  });

  test('asks for its key again where it could not be had', async () => {
    let asked = 0;
    const vault = createVault(async () => {
      if (asked++ === 0) throw new Error('no disk');
      return new Uint8Array(32);
    });
    await expect(vault.seal('a', 'o')).rejects.toThrow('no disk');
    const sealed = await vault.seal('a', 'o');
    expect(await vault.open(sealed, 'o')).toBe('a');
    expect(asked).toBe(2);
  });
});

describe('the key', () => {
  test.each(['', 'short', Buffer.alloc(31).toString('base64')])('is not %j', (text) => {
    expect(() => vaultKey(text)).toThrow(RangeError);
  });

  test('is made once, for this user alone, also by two at once', async () => {
    const file = path.join(await temporaryFolder(), 'deep', 'recovery.key');
    const [one, two] = await Promise.all([vaultKeyFile(file), vaultKeyFile(file)]);
    expect(Buffer.from(one)).toEqual(Buffer.from(two));
    expect(Buffer.from(await vaultKeyFile(file))).toEqual(Buffer.from(one));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(vaultKey(await readFile(file, 'utf8'))).toHaveLength(32);
  });
});
