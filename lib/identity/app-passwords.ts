import { createHash, randomInt } from 'node:crypto';
import type { MailboxId } from '../ops/ids.ts';
import type { Row, Write } from '../store/ports.ts';
import { APP_PASSWORDS, keys } from '../store/schema.ts';

/** A password made here for one device or program. The secret itself is shown once and never stored. */
export interface AppPassword {
  /** Names it in lists and when it is revoked. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
}

/** No vowels and no lookalikes: it will be typed on a phone. 24 of 28 letters are 115 bits. */
const ALPHABET = '23456789bcdfghjkmnpqrstvwxyz';
const LENGTH = 24;
const SHAPE = new RegExp(`^[${ALPHABET}]{${LENGTH}}$`);

/** `xxxxxx-xxxxxx-xxxxxx-xxxxxx`. */
export function newAppSecret(): string {
  let secret = '';
  for (let n = 0; n < LENGTH; n++) secret += (n > 0 && n % 6 === 0 ? '-' : '') + ALPHABET[randomInt(ALPHABET.length)];
  return secret;
}

/**
 * Hash under which a secret is stored, or `undefined` where the text cannot be one. Dashes, spaces and case are as the
 * keyboard made them. A plain SHA-256 will do: nobody guesses 115 bits.
 */
export function appSecretDigest(text: string): string | undefined {
  if (text.length > 64) return undefined;
  const secret = text.toLowerCase().replace(/[\s-]/g, '');
  return SHAPE.test(secret) ? createHash('sha256').update(secret).digest('hex') : undefined;
}

export const appPasswordId = (digest: string) => digest.slice(0, 12);

export function putAppPassword(account: MailboxId, digest: string, name: string, createdAt: number): Write {
  const { table, pk, sk } = keys.appPassword(account, digest);
  return { op: 'put', table, row: { pk, sk, name, createdAt } };
}

export function appPasswordOf(row: Row): AppPassword {
  return {
    id: appPasswordId(row.sk.slice(APP_PASSWORDS.length)),
    name: row.name as string,
    createdAt: row.createdAt as number,
  };
}
