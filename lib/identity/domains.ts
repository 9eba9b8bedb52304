import type { Table } from '../store/ports.ts';
import { DOMAIN_PARTITION, keys } from '../store/schema.ts';
import { InvalidAccount } from './account-errors.ts';
import { domainPart, localPart, normaliseAddress, parseAddress } from './names.ts';

/** Where a phone that asks for somebody of this domain is sent. */
export type Elsewhere =
  /** The same user under another domain, which the client looks up anew (MS-ASCMD 2.2.3.147). */
  | { readonly kind: 'address'; readonly domain: string }
  /** Another server: `https://mail.example.com`, without a path. */
  | { readonly kind: 'server'; readonly origin: string };

export interface DomainRedirect {
  readonly domain: string;
  readonly elsewhere: Elsewhere;
}

/** What is said of whole domains. */
export interface Domains {
  redirect(domain: string): Promise<Elsewhere | undefined>;
  list(): Promise<readonly DomainRedirect[]>;
  /** `undefined` takes it back. @throws InvalidAddress, InvalidAccount */
  setRedirect(domain: string, elsewhere: Elsewhere | undefined): Promise<void>;
}

export function createDomains(table: Pick<Table, 'get' | 'query' | 'transact'>): Domains {
  return {
    async redirect(domain) {
      const row = await table.get(keys.domain(domain.toLowerCase()), 'eventual');
      return row?.elsewhere as unknown as Elsewhere | undefined;
    },
    async list() {
      const rows = await table.query({ table: 'directory', pk: DOMAIN_PARTITION });
      return rows.map((row) => ({ domain: row.sk, elsewhere: row.elsewhere as unknown as Elsewhere }));
    },
    async setRedirect(text, elsewhere) {
      const domain = normaliseDomain(text);
      const key = keys.domain(domain);
      if (elsewhere === undefined) {
        await table.transact([{ op: 'delete', key }]);
        return;
      }
      const checked = checkedElsewhere(domain, elsewhere);
      await table.transact([{ op: 'put', table: key.table, row: { pk: key.pk, sk: key.sk, elsewhere: checked } }]);
    },
  };
}

/** The same user there. */
export const movedAddress = (address: string, domain: string) => `${localPart(address)}@${domain}`;

/** The domain of whatever a client calls an address; `undefined` where it is none. */
export function domainOf(text: string): string | undefined {
  const address = parseAddress(text);
  return address === undefined ? undefined : domainPart(address);
}

const normaliseDomain = (text: string) => domainPart(normaliseAddress(`x@${text.trim().replace(/^@/, '')}`));

function checkedElsewhere(domain: string, elsewhere: Elsewhere): Elsewhere {
  if (elsewhere.kind === 'address') {
    const other = normaliseDomain(elsewhere.domain);
    if (other === domain) throw new InvalidAccount('a domain cannot be sent to itself');
    return { kind: 'address', domain: other };
  }
  const url = URL.canParse(elsewhere.origin) ? new URL(elsewhere.origin) : undefined;
  const bare = url?.protocol === 'https:' && url.username === '' && url.pathname === '/' && url.search === '';
  // A phone sends its password there.
  if (!url || !bare) throw new InvalidAccount('the other server must be https://host, and nothing behind it');
  return { kind: 'server', origin: url.origin };
}
