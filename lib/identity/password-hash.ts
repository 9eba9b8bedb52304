import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { availableParallelism } from 'node:os';

/** Cost of a hash. `memory` in KiB. */
export interface HashCost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** OWASP's first choice for argon2id with little memory: 19 MiB, two passes; some 25 ms on a small core. */
export const DEFAULT_COST: HashCost = { memory: 19_456, passes: 2, parallelism: 1 };

const TAG_BYTES = 32;
const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;
/** A stored hash may come from an import: what it asks for must not take the machine down. */
const MOST: HashCost = { memory: 262_144, passes: 16, parallelism: 8 };

/** No client could log in with it. */
export class InvalidPassword extends Error {
  override readonly name = 'InvalidPassword';
}

/** In UTF-16 units. */
export const MOST_PASSWORD = 1024;

/** The password as it is, where a Basic login can carry it. @throws InvalidPassword */
export function checkedPassword(password: string): string {
  if (password === '' || password.length > MOST_PASSWORD || /\p{Cc}/u.test(password)) {
    throw new InvalidPassword(`a password has 1 to ${MOST_PASSWORD} characters, none of them a control character`);
  }
  return password;
}

/** A PHC string. Runs on the thread pool. */
export async function hashPassword(password: string, cost: HashCost = DEFAULT_COST): Promise<string> {
  const salt = randomBytes(16);
  const tag = await derive(password, salt, TAG_BYTES, cost);
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

/** `false` for a wrong password and for a string that is no hash of ours. */
export async function verifyPassword(password: string, phc: string): Promise<boolean> {
  const parsed = parse(phc);
  if (!parsed) return false;
  const tag = await derive(password, parsed.salt, parsed.tag.length, parsed.cost);
  return timingSafeEqual(tag, parsed.tag);
}

/** Whether the hash was made with another cost than the one wanted now. */
export function isOutdated(phc: string, cost: HashCost = DEFAULT_COST): boolean {
  const own = parse(phc)?.cost;
  return own?.memory !== cost.memory || own.passes !== cost.passes || own.parallelism !== cost.parallelism;
}

/** Whether `verifyPassword` could ever say yes; for hashes that come from an import. */
export const isPasswordHash = (phc: string): boolean => parse(phc) !== undefined;

/**
 * Hashes in the order of `passwords`, as many at once as there are cores. Node's thread pool has four threads unless
 * UV_THREADPOOL_SIZE says otherwise; a program that imports many sets it.
 */
export async function* hashMany(
  passwords: Iterable<string> | AsyncIterable<string>,
  cost: HashCost = DEFAULT_COST,
  concurrency = availableParallelism(),
): AsyncGenerator<string> {
  const running: Promise<string>[] = [];
  for await (const password of passwords) {
    const hash = hashPassword(password, cost);
    // Awaited later, in order: until then a failure must not count as unhandled.
    hash.catch(() => {});
    running.push(hash);
    if (running.length >= concurrency) yield await running.shift()!;
  }
  for (const hash of running) yield await hash;
}

function derive(password: string, nonce: Uint8Array, tagLength: number, cost: HashCost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The same word typed on another keyboard may come decomposed.
    const message = Buffer.from(password.normalize('NFC'), 'utf8');
    argon2('argon2id', { message, nonce, tagLength, ...cost }, (error, tag) => {
      message.fill(0);
      if (error) reject(error);
      else resolve(tag);
    });
  });
}

function parse(phc: string): { cost: HashCost; salt: Buffer; tag: Buffer } | undefined {
  const [, memory, passes, parallelism, salt, tag] = PHC.exec(phc) ?? [];
  if (salt === undefined || tag === undefined) return undefined;
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const bounded = cost.memory <= MOST.memory && cost.passes <= MOST.passes && cost.parallelism <= MOST.parallelism;
  const sound = cost.passes >= 1 && cost.parallelism >= 1 && cost.memory >= 8 * cost.parallelism;
  return bounded && sound ? { cost, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') } : undefined;
}

const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
