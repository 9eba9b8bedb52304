import type { Clock } from '../ops/clock.ts';
import { newId } from '../ops/ids.ts';
import type { Table, Write } from '../store/ports.ts';
import { GROUP_PARTITION, keys } from '../store/schema.ts';
import { AddressTaken, InvalidAccount } from './account-errors.ts';
import type { AccountReader } from './directory.ts';
import { type Expansion, expandGroup } from './group-expansion.ts';
import { type Group, groupOf, groupRow } from './group-rows.ts';
import { normaliseAddress, parseAddress } from './names.ts';
import { decideAgain } from './retry.ts';

export type { Group } from './group-rows.ts';

/** All in one row, which may have 400 KB. */
export const MAX_MEMBERS = 1_000;

export class NoGroup extends Error {
  override readonly name = 'NoGroup';
}

export interface NewGroup {
  readonly address: string;
  readonly name?: string;
  readonly members?: readonly string[];
  readonly senders?: Group['senders'];
}

/** Distribution groups: one address for many. */
export interface Groups {
  /** @throws AddressTaken, InvalidAddress, InvalidAccount */
  create(group: NewGroup): Promise<Group>;
  /** `add` and `remove` are members. @throws NoGroup, InvalidAddress, InvalidAccount */
  update(
    id: string,
    change: {
      readonly name?: string;
      readonly senders?: Group['senders'];
      readonly add?: readonly string[];
      readonly remove?: readonly string[];
    },
  ): Promise<Group>;
  /** Its address is free then. `false`: there was none. */
  remove(id: string): Promise<boolean>;
  /** Strong. A `name+tag` is no address of a group. */
  byAddress(address: string): Promise<Group | undefined>;
  list(): Promise<readonly Group[]>;
  /** Everybody in it, groups inside of groups opened, each once. */
  expand(group: Group): Promise<Expansion>;
  /** Whether this sender may write to it; nobody is an empty text, who may not: bounces are not for many. */
  mayWrite(group: Group, sender: string): Promise<boolean>;
}

export interface GroupsDeps {
  readonly table: Pick<Table, 'get' | 'query' | 'transact'>;
  readonly clock: Clock;
  readonly directory: Pick<AccountReader, 'byAddress' | 'owner'>;
}

export function createGroups({ table, clock, directory }: GroupsDeps): Groups {
  async function get(id: string): Promise<Group | undefined> {
    const row = await table.get(keys.group(id), 'strong');
    return row && groupOf(row);
  }
  async function byAddress(text: string): Promise<Group | undefined> {
    const address = parseAddress(text);
    const id = address === undefined ? undefined : await directory.owner(address);
    return id && get(id);
  }
  const expand = (group: Group) => expandGroup(group, { directory, byAddress });

  return {
    byAddress,
    expand,
    async create(input) {
      const address = normaliseAddress(input.address);
      const group: Group = {
        id: newId(clock.now()),
        address,
        name: input.name ?? '',
        members: distinct(input.members ?? []),
        senders: input.senders ?? 'anyone',
        revision: 1,
      };
      await decideAgain(clock, async () => {
        // After a lost answer the rows may be there already, and they are ours.
        if (await get(group.id)) return;
        if (await directory.owner(address)) throw new AddressTaken(`${address} belongs to somebody else`);
        const { table: name, pk, sk } = keys.address(address);
        const claim: Write = { op: 'put', table: name, row: { pk, sk, id: group.id }, when: { row: 'absent' } };
        await table.transact([{ op: 'put', table: 'directory', row: groupRow(group), when: { row: 'absent' } }, claim]);
      });
      return group;
    },
    update: (id, change) =>
      decideAgain(clock, async () => {
        const before = await get(id);
        if (!before) throw new NoGroup('no such group');
        const gone = new Set((change.remove ?? []).map(normaliseAddress));
        const members = distinct([...before.members, ...(change.add ?? [])]).filter((one) => !gone.has(one));
        const { name = before.name, senders = before.senders } = change;
        const after: Group = { ...before, name, senders, members, revision: before.revision + 1 };
        const when = { equals: { revision: before.revision } };
        await table.transact([{ op: 'put', table: 'directory', row: groupRow(after), when }]);
        return after;
      }),
    remove: (id) =>
      decideAgain(clock, async () => {
        const group = await get(id);
        if (!group) return false;
        await table.transact([
          { op: 'delete', key: keys.group(id) },
          { op: 'delete', key: keys.address(group.address), when: { equals: { id } } },
        ]);
        return true;
      }),
    async list() {
      const rows = await table.query({ table: 'directory', pk: GROUP_PARTITION, consistency: 'strong' });
      return rows.map(groupOf).sort((a, b) => (a.address < b.address ? -1 : 1));
    },
    async mayWrite(group, text) {
      const sender = parseAddress(text);
      if (sender === undefined) return false;
      if (group.senders === 'anyone') return true;
      const { accounts, outside } = await expand(group);
      const inside = accounts.some(({ address, aliases }) => address === sender || aliases.includes(sender));
      return inside || outside.includes(sender);
    },
  };
}

function distinct(members: readonly string[]): readonly string[] {
  const all = new Set(members.map(normaliseAddress));
  if (all.size > MAX_MEMBERS) throw new InvalidAccount(`a group has at most ${MAX_MEMBERS} members`);
  return [...all];
}
