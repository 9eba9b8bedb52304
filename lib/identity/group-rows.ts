import type { Row } from '../store/ports.ts';
import { keys, SCHEMA_VERSION } from '../store/schema.ts';

export interface Group {
  readonly id: string;
  /** In lower case, as all addresses here. */
  readonly address: string;
  /** Empty where nobody gave one. */
  readonly name: string;
  /** Addresses of accounts, of other groups, and of people elsewhere. */
  readonly members: readonly string[];
  /** Who may write to it. */
  readonly senders: 'anyone' | 'members';
  /** Differs after every write: the condition of the next one. */
  readonly revision: number;
}

export function groupRow(group: Group): Row {
  const { pk, sk } = keys.group(group.id);
  return { schema: SCHEMA_VERSION, ...group, pk, sk };
}

export function groupOf(row: Row): Group {
  return {
    id: row.id as string,
    address: row.address as string,
    name: (row.name as string | undefined) ?? '',
    members: (row.members as readonly string[] | undefined) ?? [],
    senders: row.senders === 'members' ? 'members' : 'anyone',
    revision: (row.revision as number | undefined) ?? 0,
  };
}
