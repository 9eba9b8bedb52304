import { STATUS_CODES } from 'node:http';

/** Reason phrases of the statuses that only this protocol uses (MS-ASHTTP 2.2.2.1.1, MS-ASPROV 3.1.5.1). */
const OWN: Readonly<Record<number, string>> = {
  449: 'Retry With',
  451: 'Redirect',
  456: 'Blocked',
  457: 'Expired Password',
  507: 'Insufficient Disk Space',
};

export function reasonOf(status: number): string {
  return OWN[status] ?? STATUS_CODES[status] ?? 'Unknown';
}
