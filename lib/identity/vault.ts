import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Seals what somebody must be able to read again: recovery passwords of devices. AES-256-GCM under one key. */
export interface Vault {
  /** `owner` is not secret and belongs to the text: sealed for one, it opens for nobody else. */
  seal(text: string, owner: string): Promise<string>;
  /** `undefined` for what was sealed under another key, for another owner, or changed. */
  open(sealed: string, owner: string): Promise<string | undefined>;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PREFIX = 'v1.';

/** `key` is asked for at the first use and kept. */
export function createVault(key: () => Promise<Uint8Array>): Vault {
  let kept: Promise<Uint8Array> | undefined;
  const read = () => {
    kept ??= key();
    kept.catch(() => {
      kept = undefined;
    });
    return kept;
  };
  return {
    async seal(text, owner) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', await read(), nonce).setAAD(Buffer.from(owner, 'utf8'));
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return PREFIX + sealed.toString('base64url');
    },
    async open(sealed, owner) {
      const bytes = sealed.startsWith(PREFIX) ? Buffer.from(sealed.slice(PREFIX.length), 'base64url') : Buffer.alloc(0);
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', await read(), bytes.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(owner, 'utf8'))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
        return Buffer.concat([text, decipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
  };
}

/** A key as it is configured. @throws RangeError for anything but 32 bytes in base64 */
export function vaultKey(text: string): Uint8Array {
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES) throw new RangeError('the recovery key must be 32 bytes in base64');
  return key;
}

/** The key in a file that only this user reads, made where there is none. Two processes at once agree on one. */
export async function vaultKeyFile(file: string): Promise<Uint8Array> {
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await writeFile(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return vaultKey((await readFile(file, 'utf8')).trim());
}
