import { checkedQuota, type Quota } from '../mailbox/quota.ts';
import type { Mailboxes } from '../mailbox/types.ts';
import type { Clock } from '../ops/clock.ts';
import { type MailboxId, newId } from '../ops/ids.ts';
import { ConditionFailed, type Table, type Write } from '../store/ports.ts';
import { keys } from '../store/schema.ts';
import { AddressTaken, InvalidAccount, NoAccount } from './account-errors.ts';
import {
  accountRow,
  claimAddress,
  claimPrimary,
  publicAccount,
  releaseAddress,
  releasePrimary,
  type StoredAccount,
} from './account-rows.ts';
import { type Credentials, createCredentials } from './credentials.ts';
import { type AccountReader, createDirectory } from './directory.ts';
import { normaliseAddress } from './names.ts';
import { checkedPassword, type HashCost, hashPassword, isPasswordHash } from './password-hash.ts';
import { decideAgain } from './retry.ts';
import type { Account } from './types.ts';

/** A transaction holds them all, with room for the others it must write. */
export const MAX_ALIASES = 40;

export interface NewAccount {
  readonly address: string;
  readonly name?: string;
  readonly aliases?: readonly string[];
  readonly password?: string;
  /** A PHC string, instead of `password`: from `hashMany` or another server. */
  readonly passwordHash?: string;
  readonly easEnabled?: boolean;
  readonly policy?: string;
}

/** `undefined` leaves alone, `null` goes back to the default. */
export interface AccountChange {
  readonly address?: string;
  readonly aliases?: readonly string[];
  readonly name?: string;
  readonly enabled?: boolean;
  readonly easEnabled?: boolean;
  readonly policy?: string | null;
  readonly blocked?: boolean;
  /** The server that has the mailbox: a URL with or without the path of the service; `null` for this one. */
  readonly home?: string | null;
  /** Epoch milliseconds; `null` for never. A change of the password ends it as well. */
  readonly passwordExpires?: number | null;
  /** Limits of the mailbox over those of the server; `null` for the server's alone. */
  readonly quota?: Quota | null;
}

/** The accounts of a server. @see Directory for look-ups. */
export interface Accounts extends AccountReader, Credentials {
  /** The account with its mailbox. @throws AddressTaken, InvalidAddress, InvalidAccount, InvalidPassword */
  create(account: NewAccount): Promise<Account>;
  /** Ends held requests of the account where what they rest on changed. @throws NoAccount, AddressTaken, InvalidAddress, InvalidAccount */
  update(id: MailboxId, change: AccountChange): Promise<Account>;
}

export interface AccountsDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly mailboxes: Pick<Mailboxes, 'create' | 'open'>;
  readonly hashCost?: HashCost;
}

export function createAccounts(deps: AccountsDeps): Accounts {
  const { table, clock, mailboxes } = deps;
  const directory = createDirectory(table);

  async function refuseTaken(id: MailboxId, addresses: readonly string[]): Promise<void> {
    for (const address of addresses) {
      const owner = await directory.owner(address);
      if (owner !== undefined && owner !== id) throw new AddressTaken(`${address} belongs to another account`);
    }
  }
  async function create(input: NewAccount): Promise<Account> {
    const address = normaliseAddress(input.address);
    const aliases = distinctAliases(input.aliases ?? [], address);
    const passwordHash = await hashOf(input, deps.hashCost);
    const id = newId(clock.now()) as MailboxId;
    const account: StoredAccount = {
      id,
      address,
      aliases,
      name: input.name ?? '',
      enabled: true,
      easEnabled: input.easEnabled ?? true,
      credentialVersion: 1,
      policy: input.policy,
      passwordHash,
      revision: 1,
      createdAt: clock.now(),
    };
    await refuseTaken(id, [address, ...aliases]);
    // First the mailbox: an account never shows that has none.
    await mailboxes.create(id);
    await decideAgain(clock, async () => {
      // After a lost answer the rows may be there already, and they are ours: the id was fixed before.
      if (await directory.stored(id)) return;
      await refuseTaken(id, [address, ...aliases]);
      const put: Write = { op: 'put', table: 'directory', row: accountRow(account), when: { row: 'absent' } };
      const names = [...claimPrimary(id, address), ...aliases.map((alias) => claimAddress(id, alias))];
      await transact([put, ...names, ...policyExists(input.policy)], input.policy);
    });
    return publicAccount(account);
  }
  async function update(id: MailboxId, change: AccountChange): Promise<Account> {
    const { before, after } = await decideAgain(clock, async () => {
      const before = await directory.stored(id);
      if (!before) throw new NoAccount('no such account');
      const after = changed(before, change);
      const gone = [before.address, ...before.aliases].filter((a) => a !== after.address && !after.aliases.includes(a));
      const fresh = [after.address, ...after.aliases].filter(
        (a) => a !== before.address && !before.aliases.includes(a),
      );
      await refuseTaken(id, fresh);
      const moved = after.address !== before.address;
      const put: Write = {
        op: 'put',
        table: 'directory',
        row: accountRow(after),
        when: { equals: { revision: before.revision } },
      };
      await transact(
        [
          put,
          ...gone.map((address) => releaseAddress(id, address)),
          ...fresh.map((address) => claimAddress(id, address)),
          // Only the rows of the primary name: its address row is claimed or released above.
          ...(moved
            ? [...releasePrimary(id, before.address).slice(1), ...claimPrimary(id, after.address).slice(1)]
            : []),
          ...(after.policy !== before.policy ? policyExists(after.policy) : []),
        ],
        after.policy,
      );
      return { before, after };
    });
    if (restsOnOther(before, after)) await mailboxes.open(id).raise('policyEpoch');
    return publicAccount(after);
  }
  /** The check of the policy, where there is one, is the last write. */
  async function transact(writes: readonly Write[], policy: string | undefined): Promise<void> {
    try {
      await table.transact(writes);
    } catch (error) {
      const checked = writes.at(-1)?.op === 'check';
      if (checked && error instanceof ConditionFailed && error.indexes.includes(writes.length - 1)) {
        throw new InvalidAccount(`there is no policy ${policy}`, { cause: error });
      }
      throw error;
    }
  }

  return { ...directory, ...createCredentials({ ...deps, directory }), create, update };
}

async function hashOf({ password, passwordHash }: NewAccount, cost: HashCost | undefined): Promise<string | undefined> {
  if (password !== undefined) return hashPassword(checkedPassword(password), cost);
  if (passwordHash !== undefined && !isPasswordHash(passwordHash)) {
    throw new InvalidAccount('the password hash is no argon2id hash that could be verified here');
  }
  return passwordHash;
}

function changed(before: StoredAccount, change: AccountChange): StoredAccount {
  const address = change.address === undefined ? before.address : normaliseAddress(change.address);
  return {
    ...before,
    address,
    aliases: distinctAliases(change.aliases ?? before.aliases, address),
    name: change.name ?? before.name,
    enabled: change.enabled ?? before.enabled,
    easEnabled: change.easEnabled ?? before.easEnabled,
    policy: changedTo(before.policy, change.policy),
    blocked: (change.blocked ?? before.blocked) || undefined,
    home: changedTo(before.home, change.home && homeUrl(change.home)),
    passwordExpires: changedTo(before.passwordExpires, change.passwordExpires, isTime),
    quota: changedTo(before.quota, change.quota && checkedQuota(change.quota)),
    revision: before.revision + 1,
  };
}

/** @throws InvalidAccount the value is none */
function changedTo<T>(before: T | undefined, to: T | null | undefined, isValid: (to: T) => boolean = () => true) {
  if (to === null) return undefined;
  if (to !== undefined && !isValid(to)) throw new InvalidAccount('no such time');
  return to ?? before;
}

const isTime = (ms: number) => Number.isFinite(ms) && ms >= 0;

/** Where a device is sent (MS-ASHTTP 2.2.2.1.2.6). Credentials follow it, so it is HTTPS and names nobody's password. */
function homeUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const local = url?.hostname === 'localhost' || url?.hostname === '127.0.0.1';
  if (!url || !(url.protocol === 'https:' || (local && url.protocol === 'http:')) || url.username || url.password) {
    throw new InvalidAccount('the home of a mailbox is an https URL');
  }
  return url.origin + (url.pathname === '/' ? '/Microsoft-Server-ActiveSync' : url.pathname);
}

function distinctAliases(aliases: readonly string[], address: string): readonly string[] {
  const distinct = new Set(aliases.map(normaliseAddress));
  distinct.delete(address);
  if (distinct.size > MAX_ALIASES)
    throw new InvalidAccount(`an account has at most ${MAX_ALIASES} secondary addresses`);
  return [...distinct];
}

function policyExists(policy: string | undefined): Write[] {
  return policy === undefined ? [] : [{ op: 'check', key: keys.policy(policy), when: { row: 'present' } }];
}

/** A request that is held meanwhile must end, so that the next one meets the new state. */
function restsOnOther(before: StoredAccount, after: StoredAccount): boolean {
  return (['policy', 'enabled', 'easEnabled', 'blocked', 'home'] as const).some((name) => before[name] !== after[name]);
}
