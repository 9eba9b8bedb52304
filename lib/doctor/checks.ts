import { autodiscover, folders, inbox, options, provision } from './account.ts';
import { base64Ping, hangingSync, largeBody } from './edges.ts';
import { delivery, hold } from './hold.ts';
import { certificate, name } from './network.ts';
import type { Check, Visit } from './types.ts';

const REQUEST_SLOW_MS = 2_000;
const MINUTE_MS = 60_000;

/** In the order of a phone that is set up. Where one fails, those that need it are skipped. */
export const CHECKS: readonly Check[] = [
  { name: 'DNS', slowMs: 1_000, run: name },
  { name: 'certificate', needs: ['DNS'], slowMs: REQUEST_SLOW_MS, run: certificate },
  // From here on the password is sent.
  { name: 'OPTIONS', needs: ['certificate'], slowMs: REQUEST_SLOW_MS, run: options },
  { name: 'Autodiscover', needs: ['OPTIONS'], slowMs: REQUEST_SLOW_MS, run: autodiscover },
  { name: 'Provision', needs: ['OPTIONS'], slowMs: REQUEST_SLOW_MS, run: provision },
  { name: 'FolderSync', needs: ['Provision'], slowMs: REQUEST_SLOW_MS, run: folders },
  { name: 'Sync', needs: ['FolderSync'], slowMs: 10_000, run: inbox },
  { name: 'Ping', needs: ['Sync'], limitMs: holdLimit, run: hold },
  { name: 'delivery', needs: ['Ping'], limitMs: () => 2 * MINUTE_MS, run: delivery },
  { name: 'base64 Ping', needs: ['Sync'], slowMs: REQUEST_SLOW_MS, run: base64Ping },
  { name: 'large body', needs: ['Sync'], slowMs: 10_000, limitMs: () => MINUTE_MS, run: largeBody },
  { name: 'hanging Sync', needs: ['Sync'], run: hangingSync },
];

function holdLimit({ holdS, repeat }: Visit): number {
  return repeat * (2 * holdS * 1000 + MINUTE_MS);
}
