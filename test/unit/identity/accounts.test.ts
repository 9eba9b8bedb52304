import { describe, expect, test } from 'vitest';
import { AddressTaken, InvalidAccount, NoAccount } from '../../../lib/identity/account-errors.ts';
import { createAccounts, MAX_ALIASES } from '../../../lib/identity/accounts.ts';
import { InvalidAddress } from '../../../lib/identity/names.ts';
import { InvalidPassword } from '../../../lib/identity/password-hash.ts';
import type { Account } from '../../../lib/identity/types.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import { OutcomeUnknown, type Table } from '../../../lib/store/ports.ts';
import { STORES } from '../../support/stores.ts';
import { CHEAP, collect, openWorld as openWorldOn } from './support.ts';

const ids = (accounts: readonly Account[]) => accounts.map((account) => account.address);

describe.each(STORES)('on %s', (store) => {
  const openWorld = (options: { readonly maxDevices?: number } = {}) => openWorldOn({ store, ...options });

  describe('making an account', () => {
    test('makes its mailbox, and it can be found at once', async () => {
      const { accounts, mailboxes } = await openWorld();
      const account = await accounts.create({
        address: 'Ada@Example.com',
        name: 'Ada',
        aliases: ['Countess@example.com'],
      });
      expect(await mailboxes.open(account.id).folders()).not.toHaveLength(0);
      expect(await accounts.get(account.id)).toEqual({
        id: account.id,
        address: 'ada@example.com',
        aliases: ['countess@example.com'],
        name: 'Ada',
        enabled: true,
        easEnabled: true,
        credentialVersion: 1,
      });
    });

    test('what the rest of the server gets holds no hash', async () => {
      const { accounts } = await openWorld();
      const account = await accounts.create({ address: 'ada@example.com', password: 'secret' });
      expect(JSON.stringify([account, await accounts.get(account.id)])).not.toMatch(/argon2|secret/);
    });

    test.each([
      { taken: 'as primary address', create: { address: 'ada@example.com' } },
      { taken: 'as alias', create: { address: 'countess@example.com' } },
      { taken: 'by the alias of another', create: { address: 'new@example.com', aliases: ['ADA@example.com'] } },
    ])('an address that is taken $taken is refused, and nothing is left behind', async ({ create }) => {
      const { accounts } = await openWorld();
      await accounts.create({ address: 'ada@example.com', aliases: ['countess@example.com'] });
      await expect(accounts.create(create)).rejects.toThrow(AddressTaken);
      expect((await accounts.page({ limit: 10 })).accounts).toHaveLength(1);
      expect(await accounts.byAddress('new@example.com')).toBeUndefined();
    });

    test('two at once never own one address', async () => {
      const { accounts } = await openWorld();
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, n) =>
          accounts.create({ address: n % 2 ? 'a@x.org' : `b${n}@x.org`, aliases: ['a@x.org'] }),
        ),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(AddressTaken);
    });

    test('an answer that is lost on the way leaves one account', async () => {
      const { table, clock, mailboxes } = await openWorld();
      const lossy = losesFirstAnswer(table);
      const accounts = createAccounts({ table: lossy, clock, mailboxes, hashCost: CHEAP });
      const account = await accounts.create({ address: 'ada@example.com' });
      expect(lossy.lost()).toBe(1);
      expect(await accounts.byAddress('ada@example.com')).toEqual(account);
      expect((await accounts.page({ limit: 10 })).accounts).toEqual([account]);
    });

    test.each(['ada', 'ada@', '@x.org', 'a b@x.org'])('%j is refused as an address', async (address) => {
      const { accounts } = await openWorld();
      await expect(accounts.create({ address })).rejects.toThrow(InvalidAddress);
    });

    test('a password that no client could send, or a hash that could never fit, is refused', async () => {
      const { accounts } = await openWorld();
      for (const password of ['', 'a\0b', 'a\nb', 'x'.repeat(1025)]) {
        await expect(accounts.create({ address: 'a@x.org', password })).rejects.toThrow(InvalidPassword);
      }
      await expect(accounts.create({ address: 'a@x.org', passwordHash: '$2b$10$x' })).rejects.toThrow(InvalidAccount);
      const { id } = await accounts.create({ address: 'a@x.org', password: 'x'.repeat(1024) });
      await expect(accounts.setPassword(id, '')).rejects.toThrow(InvalidPassword);
    });

    test('a policy that does not exist is refused, and so are too many aliases', async () => {
      const { accounts } = await openWorld();
      await expect(accounts.create({ address: 'a@x.org', policy: 'strict' })).rejects.toThrow(InvalidAccount);
      const aliases = Array.from({ length: MAX_ALIASES + 1 }, (_, n) => `a${n}@x.org`);
      await expect(accounts.create({ address: 'a@x.org', aliases })).rejects.toThrow(InvalidAccount);
      await accounts.create({ address: 'a@x.org', aliases: aliases.slice(1) });
    });
  });

  describe('finding an account', () => {
    test.each([
      { login: 'ada@example.com', finds: 'ada@example.com' },
      { login: 'ADA@EXAMPLE.COM', finds: 'ada@example.com' },
      { login: 'countess@example.com', finds: 'ada@example.com' },
      { login: 'ada', finds: 'ada@example.com' },
      { login: 'CORP\\Ada', finds: 'ada@example.com' },
      { login: 'OTHER\\bob', finds: undefined },
      { login: 'bob', finds: undefined },
      { login: 'EXAMPLE\\bob', finds: 'bob@example.com' },
      { login: 'example.org\\bob', finds: 'bob@example.org' },
      { login: 'EXAMPLE\\bob@example.org', finds: 'bob@example.org' },
      { login: 'countess', finds: undefined },
      { login: 'ada+tag@example.com', finds: undefined },
      { login: 'nobody', finds: undefined },
      { login: '', finds: undefined },
    ])('the login "$login" is $finds', async ({ login, finds }) => {
      const { accounts } = await openWorld();
      await accounts.create({ address: 'ada@example.com', aliases: ['countess@example.com'] });
      await accounts.create({ address: 'bob@example.com' });
      await accounts.create({ address: 'bob@example.org' });
      // The first label is the same for both: only the whole domain tells them apart.
      if (login === 'EXAMPLE\\bob') {
        expect(await accounts.byLogin(login)).toBeUndefined();
        expect((await accounts.byLogin('example.com\\bob'))?.address).toBe(finds);
      } else {
        expect((await accounts.byLogin(login))?.address).toBe(finds);
      }
    });

    test.each([
      ['ada@example.com', true],
      ['Ada+Lists@Example.com', true],
      ['countess+x@example.com', true],
      ['ada+x@other.com', false],
      ['+ada@example.com', false],
      ['not an address', false],
    ])('mail for %s is taken: %s', async (address, taken) => {
      const { accounts } = await openWorld();
      await accounts.create({ address: 'ada@example.com', aliases: ['countess@example.com'] });
      expect((await accounts.byAddress(address)) !== undefined).toBe(taken);
    });

    test('an account of its own beats a tag', async () => {
      const { accounts } = await openWorld();
      await accounts.create({ address: 'ada@x.org' });
      const own = await accounts.create({ address: 'ada+news@x.org' });
      expect(await accounts.byAddress('ada+news@x.org')).toEqual(own);
    });

    test('the list comes by address, page by page, each account once', async () => {
      const { accounts } = await openWorld();
      for (const n of [3, 1, 5, 2, 4]) await accounts.create({ address: `a${n}@x.org` });
      const first = await accounts.page({ limit: 2 });
      expect(ids(first.accounts)).toEqual(['a1@x.org', 'a2@x.org']);
      const second = await accounts.page({ limit: 2, after: first.next });
      expect(ids(second.accounts)).toEqual(['a3@x.org', 'a4@x.org']);
      const third = await accounts.page({ limit: 2, after: second.next });
      expect(third).toEqual({ accounts: [expect.objectContaining({ address: 'a5@x.org' })], next: undefined });
      expect(ids(await collect(accounts.list()))).toEqual([1, 2, 3, 4, 5].map((n) => `a${n}@x.org`));
    });
  });

  describe('changing an account', () => {
    test('a new address takes the place of the old one everywhere', async () => {
      const { accounts } = await openWorld();
      const { id } = await accounts.create({ address: 'ada@example.com' });
      await accounts.update(id, { address: 'lovelace@example.com' });
      expect(await accounts.byLogin('ada')).toBeUndefined();
      expect(await accounts.byAddress('ada@example.com')).toBeUndefined();
      expect((await accounts.byLogin('lovelace'))?.id).toBe(id);
      expect(ids(await collect(accounts.list()))).toEqual(['lovelace@example.com']);
      // The name that was given up is free for another.
      await accounts.create({ address: 'ada@example.com' });
    });

    test('an alias becomes the address and the address an alias', async () => {
      const { accounts } = await openWorld();
      const { id } = await accounts.create({ address: 'ada@x.org', aliases: ['countess@x.org'] });
      const changed = await accounts.update(id, { address: 'countess@x.org', aliases: ['ada@x.org'] });
      expect(changed).toMatchObject({ address: 'countess@x.org', aliases: ['ada@x.org'] });
      expect((await accounts.byAddress('ada@x.org'))?.id).toBe(id);
      expect((await accounts.byLogin('countess'))?.id).toBe(id);
      expect(await accounts.byLogin('ada')).toBeUndefined();
    });

    test('aliases are replaced: the old ones are free, the new ones are taken', async () => {
      const { accounts } = await openWorld();
      const { id } = await accounts.create({ address: 'ada@x.org', aliases: ['one@x.org', 'two@x.org'] });
      await accounts.update(id, { aliases: ['two@x.org', 'three@x.org', 'TWO@x.org', 'ada@x.org'] });
      expect((await accounts.get(id))?.aliases).toEqual(['two@x.org', 'three@x.org']);
      expect(await accounts.byAddress('one@x.org')).toBeUndefined();
      await expect(accounts.create({ address: 'three@x.org' })).rejects.toThrow(AddressTaken);
    });

    test('of two changes at once none is lost', async () => {
      const { accounts } = await openWorld();
      const { id } = await accounts.create({ address: 'ada@x.org' });
      await Promise.all([
        accounts.update(id, { name: 'Ada' }),
        accounts.update(id, { aliases: ['countess@x.org'] }),
        accounts.setPassword(id, 'secret'),
        accounts.update(id, { easEnabled: false }),
      ]);
      expect(await accounts.get(id)).toMatchObject({
        name: 'Ada',
        aliases: ['countess@x.org'],
        easEnabled: false,
        credentialVersion: 2,
      });
    });

    test.each([
      { change: { enabled: false }, ends: true },
      { change: { easEnabled: false }, ends: true },
      { change: { name: 'Somebody' }, ends: false },
      { change: { aliases: ['b@x.org'] }, ends: false },
      { change: { enabled: true }, ends: false },
    ])('after $change held requests end: $ends', async ({ change, ends }) => {
      const { accounts, epochs } = await openWorld();
      const { id } = await accounts.create({ address: 'a@x.org' });
      const before = await epochs(id);
      await accounts.update(id, change);
      expect(await epochs(id)).toEqual({ ...before, policy: before.policy + (ends ? 1 : 0) });
    });

    test('nobody can be changed who is not there', async () => {
      const { accounts } = await openWorld();
      const id = 'nobody' as MailboxId;
      await expect(accounts.update(id, { name: 'x' })).rejects.toThrow(NoAccount);
      await expect(accounts.setPassword(id, 'x')).rejects.toThrow(NoAccount);
      await expect(accounts.addAppPassword(id, 'x')).rejects.toThrow(NoAccount);
      await expect(accounts.revokeAppPassword(id, 'x')).rejects.toThrow(NoAccount);
    });

    test('an alias of another account is refused and nothing changes', async () => {
      const { accounts } = await openWorld();
      await accounts.create({ address: 'bob@x.org' });
      const ada = await accounts.create({ address: 'ada@x.org' });
      await expect(accounts.update(ada.id, { aliases: ['bob@x.org'], name: 'X' })).rejects.toThrow(AddressTaken);
      expect(await accounts.get(ada.id)).toEqual(ada);
    });
  });
});

/** Commits the first transaction and says that it does not know. */
function losesFirstAnswer(table: Table): Table & { lost(): number } {
  let lost = 0;
  return {
    get: (...input) => table.get(...input),
    batchGet: (...input) => table.batchGet(...input),
    query: (...input) => table.query(...input),
    async transact(writes) {
      await table.transact(writes);
      if (lost++ === 0) throw new OutcomeUnknown('the answer was lost');
    },
    lost: () => lost,
  };
}
