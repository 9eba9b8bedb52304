import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DEFAULT_COST,
  hashMany,
  hashPassword,
  isOutdated,
  isPasswordHash,
  verifyPassword,
} from '../../../lib/identity/password-hash.ts';
import { CHEAP, collect } from './support.ts';

describe('argon2id', () => {
  test('costs what OWASP asks for', async () => {
    const phc = await hashPassword('correct horse');
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await verifyPassword('correct horse', phc)).toBe(true);
    expect(await verifyPassword('correct horsf', phc)).toBe(false);
  });

  test('gives the tag of the reference implementation', async () => {
    // echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1 -e
    const phc = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    expect(await verifyPassword('password', phc)).toBe(true);
    expect(await verifyPassword('Password', phc)).toBe(false);
  });

  test('the same password hashes differently each time and verifies against both', async () => {
    const [one, two] = await Promise.all([hashPassword('x', CHEAP), hashPassword('x', CHEAP)]);
    expect(one).not.toBe(two);
    expect(await verifyPassword('x', one!)).toBe(true);
    expect(await verifyPassword('x', two!)).toBe(true);
  });

  test('any text is a password, and only itself', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.string({ minLength: 1 }),
        async (right, wrong) => {
          const phc = await hashPassword(right, CHEAP);
          expect(await verifyPassword(right, phc)).toBe(true);
          expect(await verifyPassword(wrong, phc)).toBe(right.normalize('NFC') === wrong.normalize('NFC'));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('a keyboard that decomposes its accents types the same password', async () => {
    const phc = await hashPassword('gr\u00fcn', CHEAP);
    expect(await verifyPassword('gru\u0308n', phc)).toBe(true);
  });

  test.each([
    ['nothing', ''],
    ['another algorithm', '$2b$10$abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcde'],
    ['argon2i', '$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['four gigabytes', '$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['a thousand passes', '$argon2id$v=19$m=64,t=999,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['no passes', '$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['too little memory', '$argon2id$v=19$m=4,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
  ])('%s as a stored hash fits no password', async (_, phc) => {
    expect(isPasswordHash(phc)).toBe(false);
    expect(await verifyPassword('password', phc)).toBe(false);
  });

  test('a hash of another cost is outdated, one of the wanted cost is not', async () => {
    expect(isOutdated(await hashPassword('x', CHEAP))).toBe(true);
    expect(isOutdated(await hashPassword('x', CHEAP), CHEAP)).toBe(false);
    expect(isOutdated(await hashPassword('x'), DEFAULT_COST)).toBe(false);
  });
});

describe('hashing many', () => {
  test.each([1, 2, 7])('keeps their order with %i at once', async (concurrency) => {
    const passwords = ['a', 'b', 'c', 'd', 'e'];
    const hashes = await collect(hashMany(passwords, CHEAP, concurrency));
    expect(hashes).toHaveLength(5);
    for (const [n, password] of passwords.entries()) expect(await verifyPassword(password, hashes[n]!)).toBe(true);
  });

  test('never has more at once than it was told', async () => {
    let asked = 0;
    let given = 0;
    function* passwords() {
      for (; asked < 20; ) {
        asked++;
        expect(asked - given).toBeLessThanOrEqual(3);
        yield 'x';
      }
    }
    for await (const _ of hashMany(passwords(), CHEAP, 3)) given++;
    expect(given).toBe(20);
  });

  test('does not block the loop', async () => {
    let turns = 0;
    let done = false;
    const turn = () => {
      turns++;
      if (!done) setImmediate(turn);
    };
    turn();
    await collect(hashMany(Array(12).fill('x')));
    done = true;
    // One turn for each answer, were the hashes made on the loop.
    expect(turns).toBeGreaterThan(100);
  });
});
