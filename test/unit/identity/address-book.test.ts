import { describe, expect, it } from 'vitest';
import { createAddressBook } from '../../../lib/identity/address-book.ts';
import type { Account } from '../../../lib/identity/types.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const account = (address: string, name: string, over: Partial<Account> = {}): Account => ({
  id: address as MailboxId,
  address,
  name,
  aliases: [],
  enabled: true,
  easEnabled: true,
  credentialVersion: 1,
  ...over,
});
const OWNER = account('kim@example.test', 'Kim');

function book(...accounts: Account[]) {
  const clock = new FakeClock();
  const state = { accounts: [OWNER, ...accounts], reads: 0, fails: false };
  const found = createAddressBook({
    clock,
    directory: {
      async *list() {
        state.reads++;
        if (state.fails) throw new Error('no directory');
        yield* state.accounts;
      },
      byAddress: async (address) =>
        state.accounts.find((each) => each.address === address || each.aliases.includes(address)),
    },
  });
  const names = async (text: string) => (await found.find(OWNER, text)).map(({ displayName }) => displayName);
  return { clock, state, found, names };
}

describe('the address book', () => {
  it.each([
    ['smi', ['Ann Smith']],
    ['ann smith', ['Ann Smith']],
    ['SMITH, ANN', ['Ann Smith']],
    ['zoe', ['Zoë']],
    ['boss', ['Zoë']],
    ['nth', []],
    ['example', []],
    ['', []],
    ['!', []],
  ])('finds %j as %j', async (text, expected) => {
    const { names } = book(
      account('ann@example.test', 'Ann Smith'),
      account('z@example.test', 'Zoë', { aliases: ['boss@example.test'] }),
    );
    expect(await names(text)).toEqual(expected);
  });

  it('looks for a name of no more words and characters than a name has', async () => {
    const { names } = book(account('ann@example.test', 'Ann Smith'));
    expect(await names(`${'a '.repeat(16)}nobody`)).toEqual(['Ann Smith']);
    expect(await names(`${'a '.repeat(15)}nobody`)).toEqual([]);
    expect(await names(`${'!'.repeat(256)}nobody`)).toEqual([]);
    expect(await names(`a${'!'.repeat(255)}nobody`)).toEqual(['Ann Smith']);
  });

  it('is that of the own domain, without accounts that are disabled', async () => {
    const { names, found } = book(
      account('ann@elsewhere.test', 'Ann Elsewhere'),
      account('andy@example.test', 'Andy', { enabled: false }),
      account('anna@example.test', 'Anna'),
    );
    expect(await names('an')).toEqual(['Anna']);
    expect(await found.byAddress(OWNER, 'ann@elsewhere.test')).toBeUndefined();
    expect(await found.byAddress(OWNER, 'andy@example.test')).toBeUndefined();
    expect(await found.byAddress(OWNER, 'anna@example.test')).toMatchObject({ alias: 'anna', displayName: 'Anna' });
  });

  it.each([
    ['Ann Maria Smith', { displayName: 'Ann Maria Smith', firstName: 'Ann Maria', lastName: 'Smith' }],
    ['Ann', { displayName: 'Ann', firstName: 'Ann' }],
    ['', { displayName: 'ann@example.test' }],
  ])('splits the name %j', async (name, expected) => {
    const { found } = book(account('ann@example.test', name));
    const { account: _, ...entry } = (await found.byAddress(OWNER, 'ann@example.test'))!;
    expect(entry).toEqual({ ...expected, alias: 'ann', address: 'ann@example.test' });
  });

  it('reads the directory once in half a minute, and again after it could not be read', async () => {
    const { clock, state, names } = book(account('ann@example.test', 'Ann'));
    await Promise.all([names('ann'), names('ann')]);
    state.accounts.push(account('annika@example.test', 'Annika'));
    expect(await names('ann')).toEqual(['Ann']);
    expect(state.reads).toBe(1);
    await clock.advance(30_001);
    expect(await names('ann')).toEqual(['Ann', 'Annika']);
    await clock.advance(30_001);
    state.fails = true;
    await expect(names('ann')).rejects.toThrow('no directory');
    state.fails = false;
    expect(await names('ann')).toHaveLength(2);
  });
});
