import type { MailboxId } from '../ops/ids.ts';
import type { Table } from '../store/ports.ts';
import { readOnce } from '../store/rows.ts';
import { ACCOUNT_INDEX, bareNamePartition, keys } from '../store/schema.ts';
import { accountOf, publicAccount, type StoredAccount } from './account-rows.ts';
import { domainPart, parseAddress, parseLogin, withoutTag } from './names.ts';
import type { Account, Directory } from './types.ts';

/** More accounts than this share a bare name only where nobody could log in by it anyway. */
const NAMESAKES = 50;

/** Accounts by one name or another. Every read is strong: what was just changed holds at once. */
export interface AccountReader extends Directory {
  stored(id: MailboxId): Promise<StoredAccount | undefined>;
  /** Owner of exactly this address, in the form that `parseAddress` gives. */
  owner(address: string): Promise<MailboxId | undefined>;
  /** By primary address, `limit` at a time; `next` is the `after` of the following page. */
  page(options: {
    readonly after?: string;
    readonly limit: number;
  }): Promise<{ readonly accounts: readonly Account[]; readonly next?: string }>;
}

const publicOf = readOnce((row) => publicAccount(accountOf(row)));

export function createDirectory(table: Table): AccountReader {
  async function stored(id: MailboxId): Promise<StoredAccount | undefined> {
    const row = await table.get(keys.account(id), 'strong');
    return row && accountOf(row);
  }
  async function get(id: MailboxId): Promise<Account | undefined> {
    const row = await table.get(keys.account(id), 'strong');
    return row && publicOf(row);
  }
  async function owner(address: string): Promise<MailboxId | undefined> {
    return (await table.get(keys.address(address), 'strong'))?.id as MailboxId | undefined;
  }
  async function exactly(address: string): Promise<Account | undefined> {
    const id = await owner(address);
    return id && get(id);
  }
  async function byBareName(name: string, domain: string | undefined): Promise<Account | undefined> {
    const rows = await table.query({
      table: 'directory',
      pk: bareNamePartition(name),
      limit: NAMESAKES,
      consistency: 'strong',
    });
    const matching = domain === undefined ? [] : rows.filter((row) => inDomain(row.address as string, domain));
    // The domain decides between namesakes. A phone that demands one and got a wrong one still logs in where the name is unique.
    const row = matching.length === 1 ? matching[0] : rows.length === 1 ? rows[0] : undefined;
    return row && get(row.id as MailboxId);
  }
  async function page({ after, limit }: { readonly after?: string; readonly limit: number }) {
    // `from` is inclusive: the row of the page before comes again and is left out.
    const extra = after === undefined ? 0 : 1;
    const found = await table.query({
      table: 'directory',
      pk: ACCOUNT_INDEX,
      from: after,
      limit: limit + extra,
      consistency: 'strong',
    });
    const rows = found.filter((row) => row.sk !== after).slice(0, limit);
    const full = await table.batchGet(
      rows.map((row) => keys.account(row.id as MailboxId)),
      'strong',
    );
    const accounts = full.flatMap((row) => (row ? [publicOf(row)] : []));
    return { accounts, next: rows.length === limit ? rows.at(-1)?.sk : undefined };
  }

  return {
    stored,
    get,
    owner,
    page,
    async byLogin(login) {
      const parsed = parseLogin(login);
      if (parsed?.address !== undefined) return exactly(parsed.address);
      if (parsed?.bare !== undefined) return byBareName(parsed.bare, parsed.domain);
      return undefined;
    },
    async byAddress(text) {
      const address = parseAddress(text);
      if (address === undefined) return undefined;
      const plain = withoutTag(address);
      return (await exactly(address)) ?? (plain === undefined ? undefined : await exactly(plain));
    },
    async *list() {
      let after: string | undefined;
      do {
        const { accounts, next } = await page({ after, limit: 100 });
        yield* accounts;
        after = next;
      } while (after !== undefined);
    },
  };
}

/** `CORP` and `corp.example` both stand for `someone@corp.example`. */
function inDomain(address: string, domain: string): boolean {
  const own = domainPart(address);
  return own === domain || own.split('.')[0] === domain;
}
