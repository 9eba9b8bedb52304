import { describe, expect, test } from 'vitest';
import { appSecretDigest, newAppSecret } from '../../../lib/identity/app-passwords.ts';
import { verifyPassword } from '../../../lib/identity/password-hash.ts';
import { STORES } from '../../support/stores.ts';
import { openWorld as openWorldOn } from './support.ts';

describe.each(STORES)('on %s', (store) => {
  const openWorld = (options: { readonly maxDevices?: number } = {}) => openWorldOn({ store, ...options });

  describe('app passwords', () => {
    test('are random, of more than 100 bits, and easy to type', () => {
      const secrets = new Set(Array.from({ length: 200 }, newAppSecret));
      expect(secrets.size).toBe(200);
      for (const secret of secrets) expect(secret).toMatch(/^[2-9b-z]{6}(-[2-9b-z]{6}){3}$/);
      const letters = new Set([...secrets].join('').replaceAll('-', ''));
      expect(24 * Math.log2(letters.size)).toBeGreaterThan(100);
      expect([...letters].join('')).not.toMatch(/[aeiou01l]/);
    });

    test.each([
      ['upper case', (s: string) => s.toUpperCase()],
      ['no dashes', (s: string) => s.replaceAll('-', '')],
      ['spaces', (s: string) => ` ${s.replaceAll('-', ' ')} `],
    ])('are read with %s', (_, typed) => {
      const secret = newAppSecret();
      expect(appSecretDigest(typed(secret))).toBe(appSecretDigest(secret));
    });

    test.each(['', 'password', 'a'.repeat(24), '2'.repeat(23), '2'.repeat(25), '2'.repeat(10_000)])(
      '%.30j is none',
      (text) => {
        expect(appSecretDigest(text)).toBeUndefined();
      },
    );

    test('are shown once, listed by name, and revoked one by one', async () => {
      const { accounts, clock, table } = await openWorld();
      const { id } = await accounts.create({ address: 'ada@x.org' });
      const phone = await accounts.addAppPassword(id, 'phone');
      await clock.advance(1000);
      const laptop = await accounts.addAppPassword(id, 'laptop');
      expect(await accounts.appPasswords(id)).toEqual([
        { id: phone.id, name: 'phone', createdAt: phone.createdAt },
        { id: laptop.id, name: 'laptop', createdAt: laptop.createdAt },
      ]);
      const stored = JSON.stringify(await table.query({ table: 'directory', pk: `A#${id}` }));
      expect(stored).not.toContain(phone.secret.replaceAll('-', ''));
      expect(await accounts.revokeAppPassword(id, phone.id)).toBe(true);
      expect(await accounts.revokeAppPassword(id, phone.id)).toBe(false);
      expect(await accounts.isAppPassword(id, phone.secret)).toBe(false);
      expect(await accounts.isAppPassword(id, laptop.secret)).toBe(true);
    });

    test('belong to one account', async () => {
      const { accounts } = await openWorld();
      const ada = await accounts.create({ address: 'ada@x.org' });
      const bob = await accounts.create({ address: 'bob@x.org' });
      const { secret } = await accounts.addAppPassword(ada.id, 'phone');
      expect(await accounts.isAppPassword(bob.id, secret)).toBe(false);
    });
  });

  describe('the version of the credentials', () => {
    test('rises with every change, and held requests end', async () => {
      const { accounts, epochs } = await openWorld();
      const { id } = await accounts.create({ address: 'ada@x.org', password: 'one' });
      const before = await epochs(id);
      const version = async () => (await accounts.get(id))?.credentialVersion;
      await accounts.setPassword(id, 'two');
      expect(await version()).toBe(2);
      const app = await accounts.addAppPassword(id, 'phone');
      expect(await version()).toBe(3);
      await accounts.revokeAppPassword(id, app.id);
      expect(await version()).toBe(4);
      await accounts.setPassword(id, undefined);
      expect(await version()).toBe(5);
      expect((await accounts.stored(id))?.passwordHash).toBeUndefined();
      expect(await epochs(id)).toEqual({ ...before, policy: before.policy + 4 });
    });

    test('stays when only the cost of the hash changes', async () => {
      const { accounts } = await openWorld();
      const { id } = await accounts.create({ address: 'ada@x.org', password: 'one' });
      const hash = (await accounts.stored(id))?.passwordHash ?? '';
      await accounts.replaceHash(id, hash, 'other');
      expect(await accounts.stored(id)).toMatchObject({ passwordHash: 'other', credentialVersion: 1 });
      await accounts.setPassword(id, 'two');
      // Made from a login with the old password that finished late: it must not bring that back.
      await accounts.replaceHash(id, 'other', hash);
      expect(await verifyPassword('two', (await accounts.stored(id))?.passwordHash ?? '')).toBe(true);
    });
  });
});
