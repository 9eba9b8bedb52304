import { describe, expect, test } from 'vitest';
import { AddressTaken } from '../../../lib/identity/account-errors.ts';
import { MAX_MEMBERS, NoGroup } from '../../../lib/identity/groups.ts';
import { openPeopleWorld } from '../../support/people-world.ts';
import { eachStore } from '../../support/stores.ts';

eachStore((_open, kind) => {
  describe('a group', () => {
    test('has an address that nobody else can have', async () => {
      const { groups, accounts, person } = await openPeopleWorld({ kind });
      await person('kim@example.test', '', ['k@example.test']);
      const team = await groups.create({ address: 'Team@Example.test', name: 'Team' });
      for (const address of ['kim@example.test', 'k@example.test', 'team@example.test']) {
        await expect(groups.create({ address })).rejects.toThrow(AddressTaken);
      }
      await expect(accounts.create({ address: 'team@example.test' })).rejects.toThrow(AddressTaken);
      expect(await accounts.byAddress('team@example.test')).toBeUndefined();
      expect(await groups.byAddress('TEAM@example.test')).toEqual(team);
      expect(await groups.byAddress('kim@example.test')).toBeUndefined();
      expect(await groups.remove(team.id)).toBe(true);
      expect(await groups.remove(team.id)).toBe(false);
      expect(await groups.byAddress('team@example.test')).toBeUndefined();
      await person('team@example.test');
    });

    test('keeps what two changes at once say', async () => {
      const { groups } = await openPeopleWorld({ kind });
      const { id } = await groups.create({ address: 'team@example.test', members: ['a@x.test', 'b@x.test'] });
      await Promise.all([
        groups.update(id, { add: ['C@x.test', 'a@x.test'] }),
        groups.update(id, { remove: ['b@x.test'] }),
        groups.update(id, { senders: 'members' }),
        groups.update(id, { name: 'Team' }),
      ]);
      expect(await groups.list()).toEqual([
        expect.objectContaining({ name: 'Team', senders: 'members', members: ['a@x.test', 'c@x.test'] }),
      ]);
    });
  });
});

describe('members', () => {
  test('are opened through groups in groups, each once, though the groups contain each other', async () => {
    const { groups, person, accounts } = await openPeopleWorld();
    const kim = await person('kim@example.test', '', ['k@example.test']);
    const lee = await person('lee@example.test');
    const gone = await person('gone@example.test');
    await accounts.update(gone.id, { enabled: false });
    await groups.create({ address: 'inner@example.test', members: ['lee@example.test', 'outer@example.test'] });
    const outer = await groups.create({
      address: 'outer@example.test',
      members: ['inner@example.test', 'kim@example.test', 'k@example.test', 'gone@example.test', 'out@side.test'],
    });
    const { accounts: people, outside } = await groups.expand(outer);
    expect(people.map(({ id }) => id)).toEqual([kim.id, lee.id]);
    expect(outside).toEqual(['out@side.test']);
  });

  test.each([
    ['members', 'kim@example.test', true],
    ['members', 'K@example.test', true],
    ['members', 'lee@example.test', true],
    ['members', 'out@side.test', true],
    ['members', 'alex@sender.test', false],
    ['members', '', false],
    ['anyone', 'alex@sender.test', true],
    ['anyone', '', false],
    ['anyone', 'no address', false],
  ] as const)('of a group for %s let %j write: %s', async (senders, from, may) => {
    const { groups, person } = await openPeopleWorld();
    await person('kim@example.test', '', ['k@example.test']);
    await person('lee@example.test');
    await groups.create({ address: 'inner@example.test', members: ['lee@example.test'] });
    const members = ['kim@example.test', 'inner@example.test', 'out@side.test'];
    const group = await groups.create({ address: 'team@example.test', members, senders });
    expect(await groups.mayWrite(group, from)).toBe(may);
  });

  test('are addresses, and not too many', async () => {
    const { groups } = await openPeopleWorld();
    await expect(groups.create({ address: 'a@x.test', members: ['nobody'] })).rejects.toThrow('address');
    const members = Array.from({ length: MAX_MEMBERS + 1 }, (_, n) => `p${n}@x.test`);
    await expect(groups.create({ address: 'a@x.test', members })).rejects.toThrow(`${MAX_MEMBERS}`);
    await expect(groups.update('none', {})).rejects.toThrow(NoGroup);
  });
});
