import type { Clock } from '../ops/clock.ts';
import { fold, tokens } from '../search/tokens.ts';
import type { Group, Groups } from './groups.ts';
import { domainPart, localPart } from './names.ts';
import type { Account, Directory } from './types.ts';

/** An entry of the address list: somebody who has an account here, or a group of people. */
export interface Entry {
  readonly account?: Account;
  readonly group?: Group;
  /** Never empty: the address where nobody gave a name. */
  readonly displayName: string;
  readonly alias: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly address: string;
}

export interface AddressBook {
  /** Entries in which every word of `text` begins a word, or whose address begins with it, by display name. */
  find(owner: Account, text: string): Promise<readonly Entry[]>;
  /** The entry of an address, secondary ones included, where the owner sees it. */
  byAddress(owner: Account, address: string): Promise<Entry | undefined>;
}

/** Who is in one list: the accounts of a domain, or those of the whole server. */
export type GalScope = 'domain' | 'server';

export interface AddressBookDeps {
  readonly directory: Pick<Directory, 'list' | 'byAddress'>;
  /** No groups where absent. */
  readonly groups?: Pick<Groups, 'list' | 'byAddress'>;
  /** Default `domain`: strangers who share a server see nothing of each other. */
  readonly scope?: GalScope;
  readonly clock: Clock;
  /** How long the list is kept in memory. Default 30 s: a new colleague is found that much later. */
  readonly keepMs?: number;
}

/** Of what is looked for; a longer address or name is none (MS-ASCMD: a Query of Find has 256 characters at most). */
const MAX_CHARACTERS = 256;
const MAX_WORDS = 16;

interface Listed extends Entry {
  readonly words: readonly string[];
  readonly folded: string;
}

type Lists = ReadonlyMap<string, readonly Listed[]>;

/** The list is read whole and searched in memory: a hundred thousand entries take some 50 MB and a few milliseconds. */
export function createAddressBook(deps: AddressBookDeps): AddressBook {
  const { directory, groups, clock, scope = 'domain', keepMs = 30_000 } = deps;
  let kept: { readonly until: number; readonly lists: Promise<Lists> } | undefined;
  const listOf = (address: string) => (scope === 'server' ? '' : domainPart(address));

  async function read(): Promise<Lists> {
    const lists = new Map<string, Listed[]>();
    const put = (entry: Listed) => {
      const name = listOf(entry.address);
      const entries = lists.get(name) ?? [];
      entries.push(entry);
      lists.set(name, entries);
    };
    for await (const account of directory.list()) if (account.enabled) put(listed(entryOf(account), account.aliases));
    for (const group of (await groups?.list()) ?? []) put(listed(groupEntry(group), []));
    for (const entries of lists.values()) entries.sort((a, b) => (a.folded < b.folded ? -1 : 1));
    return lists;
  }
  function list(): Promise<Lists> {
    if (!kept || kept.until <= clock.now()) {
      const lists = read();
      kept = { until: clock.now() + keepMs, lists };
      // A list that could not be read is not kept.
      lists.catch(() => {
        kept = undefined;
      });
    }
    return kept.lists;
  }

  return {
    async find(owner, text) {
      const asked = text.trim().slice(0, MAX_CHARACTERS);
      const sought = tokens(asked, MAX_WORDS);
      const whole = fold(asked);
      if (sought.length === 0) return [];
      const entries = (await list()).get(listOf(owner.address)) ?? [];
      return entries.filter(({ words, address }) => {
        return address.startsWith(whole) || sought.every((word) => words.some((each) => each.startsWith(word)));
      });
    },
    async byAddress(owner, address) {
      const account = await directory.byAddress(address);
      const group = account ? undefined : await groups?.byAddress(address);
      const entry = account?.enabled ? entryOf(account) : group && groupEntry(group);
      return entry && listOf(entry.address) === listOf(owner.address) ? entry : undefined;
    },
  };
}

function listed(entry: Entry, aliases: readonly string[]): Listed {
  const { displayName, address } = entry;
  // Not the domain: everybody in the list has it.
  const words = tokens([displayName === address ? '' : displayName, ...[address, ...aliases].map(localPart)].join(' '));
  return { ...entry, words, folded: fold(displayName) };
}

const groupEntry = (group: Group): Entry => ({
  group,
  displayName: group.name.trim() || group.address,
  alias: localPart(group.address),
  address: group.address,
});

function entryOf(account: Account): Entry {
  const { address } = account;
  const name = account.name.trim();
  const space = name.lastIndexOf(' ');
  const parts = space > 0 ? { firstName: name.slice(0, space), lastName: name.slice(space + 1) } : {};
  // Some clients show nobody whose first name is missing.
  return {
    account,
    displayName: name || address,
    alias: localPart(address),
    ...(name && space < 0 ? { firstName: name } : parts),
    address,
  };
}
