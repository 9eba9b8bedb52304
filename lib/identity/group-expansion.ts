import type { MailboxId } from '../ops/ids.ts';
import type { Group } from './group-rows.ts';
import type { Account, Directory } from './types.ts';

/** Who is in a group, in the order in which they are found. */
export interface Expansion {
  readonly accounts: readonly Account[];
  /** Addresses that nobody has here. */
  readonly outside: readonly string[];
}

/** More than that in all is a mistake, or somebody who wants to see this server busy. */
const MAX_PEOPLE = 5_000;
const MAX_GROUPS = 200;

/** Groups inside of groups; one that contains itself is opened once. What is past the limits is left out. */
export async function expandGroup(
  group: Group,
  services: {
    readonly directory: Pick<Directory, 'byAddress'>;
    readonly byAddress: (address: string) => Promise<Group | undefined>;
  },
): Promise<Expansion> {
  const accounts = new Map<MailboxId, Account>();
  const outside = new Set<string>();
  const opened = new Set([group.id]);
  const waiting = [group];
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    for (const member of next.members) {
      if (accounts.size + outside.size >= MAX_PEOPLE) break;
      const account = await services.directory.byAddress(member);
      if (account) {
        if (account.enabled) accounts.set(account.id, account);
        continue;
      }
      const inner = await services.byAddress(member);
      if (!inner) outside.add(member);
      else if (!opened.has(inner.id) && opened.size < MAX_GROUPS) {
        opened.add(inner.id);
        waiting.push(inner);
      }
    }
  }
  return { accounts: [...accounts.values()], outside: [...outside] };
}
