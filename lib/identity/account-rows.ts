import type { Quota } from '../mailbox/quota.ts';
import type { MailboxId } from '../ops/ids.ts';
import type { Row, Value, Write } from '../store/ports.ts';
import { keys, SCHEMA_VERSION } from '../store/schema.ts';
import { localPart } from './names.ts';
import type { Account } from './types.ts';

/** An account as stored: what `Account` shows, and what must not leave this folder. */
export interface StoredAccount extends Account {
  /** PHC string; absent where only app passwords or an outside system know this user. */
  readonly passwordHash?: string;
  /** Differs after every write: the condition of the next one. */
  readonly revision: number;
  readonly createdAt: number;
}

export function accountOf(row: Row): StoredAccount {
  return {
    id: row.id as MailboxId,
    address: row.address as string,
    aliases: (row.aliases as readonly string[] | undefined) ?? [],
    name: (row.name as string | undefined) ?? '',
    enabled: row.enabled !== false,
    easEnabled: row.easEnabled !== false,
    credentialVersion: row.credentialVersion as number,
    policy: row.policy as string | undefined,
    blocked: row.blocked as boolean | undefined,
    home: row.home as string | undefined,
    passwordExpires: row.passwordExpires as number | undefined,
    quota: row.quota as Quota | undefined,
    passwordHash: row.passwordHash as string | undefined,
    revision: row.revision as number,
    createdAt: row.createdAt as number,
  };
}

/** The view that the rest of the server gets. */
export function publicAccount(stored: StoredAccount): Account {
  const { passwordHash: _hash, revision: _revision, createdAt: _createdAt, ...account } = stored;
  return account;
}

export function accountRow(account: StoredAccount): Row {
  const { pk, sk } = keys.account(account.id);
  const row: Record<string, Value> = { schema: SCHEMA_VERSION };
  for (const [name, value] of Object.entries(account)) if (value !== undefined) row[name] = value as Value;
  return { ...row, pk, sk } as Row;
}

/** The rows by which a primary address is found, put on condition that nobody else has it. */
export function claimPrimary(id: MailboxId, address: string): Write[] {
  return [
    claimAddress(id, address),
    { op: 'put', table: 'directory', row: { ...place(keys.bareName(localPart(address), id)), id, address } },
    { op: 'put', table: 'directory', row: { ...place(keys.accountIndex(address)), id } },
  ];
}

export function claimAddress(id: MailboxId, address: string): Write {
  return { op: 'put', table: 'directory', row: { ...place(keys.address(address)), id }, when: { row: 'absent' } };
}

export function releasePrimary(id: MailboxId, address: string): Write[] {
  return [
    releaseAddress(id, address),
    { op: 'delete', key: keys.bareName(localPart(address), id) },
    { op: 'delete', key: keys.accountIndex(address) },
  ];
}

export function releaseAddress(id: MailboxId, address: string): Write {
  return { op: 'delete', key: keys.address(address), when: { equals: { id } } };
}

const place = ({ pk, sk }: { readonly pk: string; readonly sk: string }) => ({ pk, sk });
