import type { Row, Table } from '../../store/ports.ts';
import { clearAddress, setAddress } from '../task-address.ts';

/** Where a task takes wakes, and the key for what is sent there. Made anew by every process. */
export interface DirectAddress {
  /** `http://10.0.1.7:8081`. */
  readonly url: string;
  readonly key: string;
}

export function addressOf(row: Row): DirectAddress | undefined {
  const { wakeUrl: url, wakeKey: key } = row;
  return typeof url === 'string' && typeof key === 'string' ? { url, key } : undefined;
}

/** Repeat it from time to time: a row that was lost comes back by it. */
export function publish(
  table: Pick<Table, 'transact'>,
  task: string,
  { url, key }: DirectAddress,
  now: number,
): Promise<void> {
  return setAddress(table, task, now, { wakeUrl: url, wakeKey: key });
}

export function withdraw(table: Pick<Table, 'transact'>, task: string, { key }: DirectAddress): Promise<void> {
  return clearAddress(table, task, { wakeKey: key }, ['wakeUrl', 'wakeKey']);
}
