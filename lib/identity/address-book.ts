import type { Clock } from '../ops/clock.ts';
import { fold, tokens } from '../search/tokens.ts';
import { domainPart, localPart } from './names.ts';
import type { Account, Directory } from './types.ts';

/** An entry of the address list that all accounts of a domain share. */
export interface Entry {
  readonly account: Account;
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
  /** The entry of an address, secondary ones included, in the owner's domain. */
  byAddress(owner: Account, address: string): Promise<Entry | undefined>;
}

export interface AddressBookDeps {
  readonly directory: Pick<Directory, 'list' | 'byAddress'>;
  readonly clock: Clock;
  /** How long the list is kept in memory. Default 30 s: a new colleague is found that much later. */
  readonly keepMs?: number;
}

interface Listed extends Entry {
  readonly words: readonly string[];
  readonly folded: string;
}

/** The list is read whole and searched in memory: a hundred thousand entries take some 50 MB and a few milliseconds. */
export function createAddressBook({ directory, clock, keepMs = 30_000 }: AddressBookDeps): AddressBook {
  let kept: { readonly until: number; readonly domains: Promise<ReadonlyMap<string, readonly Listed[]>> } | undefined;

  async function read(): Promise<ReadonlyMap<string, readonly Listed[]>> {
    const domains = new Map<string, Listed[]>();
    for await (const account of directory.list()) {
      if (!account.enabled) continue;
      const domain = domainPart(account.address);
      const entries = domains.get(domain) ?? [];
      entries.push(listed(account));
      domains.set(domain, entries);
    }
    for (const entries of domains.values()) entries.sort((a, b) => (a.folded < b.folded ? -1 : 1));
    return domains;
  }
  function list(): Promise<ReadonlyMap<string, readonly Listed[]>> {
    if (!kept || kept.until <= clock.now()) {
      const domains = read();
      kept = { until: clock.now() + keepMs, domains };
      // A list that could not be read is not kept.
      domains.catch(() => {
        kept = undefined;
      });
    }
    return kept.domains;
  }

  return {
    async find(owner, text) {
      const sought = tokens(text);
      const whole = fold(text.trim());
      if (sought.length === 0) return [];
      const entries = (await list()).get(domainPart(owner.address)) ?? [];
      return entries.filter(({ words, address }) => {
        return address.startsWith(whole) || sought.every((word) => words.some((each) => each.startsWith(word)));
      });
    },
    async byAddress(owner, address) {
      const account = await directory.byAddress(address);
      const shared = account?.enabled && domainPart(account.address) === domainPart(owner.address);
      return shared ? entryOf(account) : undefined;
    },
  };
}

function listed(account: Account): Listed {
  const entry = entryOf(account);
  // Not the domain: everybody in the list has it.
  const words = tokens([account.name, ...[account.address, ...account.aliases].map(localPart)].join(' '));
  return { ...entry, words, folded: fold(entry.displayName) };
}

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
