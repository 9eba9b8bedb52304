import type { Table } from '../../lib/store/ports.ts';

/** The same table, and how many rows were read from it so far: what DynamoDB bills, and what grows where a scan hides. */
export function countingTable(inner: Table): { readonly table: Table; readonly rows: () => number } {
  let read = 0;
  const table: Table = {
    get: async (key, consistency) => {
      read++;
      return inner.get(key, consistency);
    },
    batchGet: async (keys, consistency) => {
      read += keys.length;
      return inner.batchGet(keys, consistency);
    },
    query: async (query) => {
      const rows = await inner.query(query);
      // A query that finds nothing is billed as one row.
      read += Math.max(1, rows.length);
      return rows;
    },
    transact: (writes) => inner.transact(writes),
  };
  return { table, rows: () => read };
}
