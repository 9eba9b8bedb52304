import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Cancel, Clock } from '../ops/clock.ts';
import { errorFields, type Log } from '../ops/log.ts';
import type { EmbeddedOptions } from './options.ts';
import { ensureTls, localNames } from './tls.ts';

/** What the listeners serve, PEM. `ca` where it is the private authority of `--tls`. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

type Tls = Pick<EmbeddedOptions, 'tls' | 'tlsNames' | 'tlsCert' | 'tlsKey' | 'dataDir'>;

/**
 * The certificate as it is now: of `--tls` made where it is missing, about to expire or without one of the machine's
 * addresses, else what the two files say. `undefined` for a server without.
 * @throws Error where the files cannot be read or do not belong together
 */
export async function readCertificate(options: Tls, clock: Clock): Promise<Certificate | undefined> {
  const read = await found(options, clock);
  if (read) createSecureContext({ cert: read.cert, key: read.key });
  return read;
}

async function found(options: Tls, clock: Clock): Promise<Certificate | undefined> {
  if (options.tls) return ensureTls(path.join(options.dataDir, 'tls'), localNames(options.tlsNames), clock);
  if (!options.tlsCert || !options.tlsKey) return undefined;
  const [cert, key] = await Promise.all([readFile(options.tlsCert, 'utf8'), readFile(options.tlsKey, 'utf8')]);
  return { cert, key };
}

/** Renewers of certificates come by night, at least a week before the old one expires. */
const LOOK_MS = 3_600_000;

/**
 * Looks every hour whether there is another certificate and gives it to `use`. Phones go on trusting a server whose files
 * somebody renews; one half of a pair that is being replaced, or one that does not fit, changes nothing and is logged.
 */
export function followCertificate(
  current: Certificate,
  read: () => Promise<Certificate | undefined>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  use: (renewed: Certificate) => void,
): Cancel {
  let serving = current;
  let stopped = false;
  let cancel: Cancel = () => {};
  const look = async () => {
    const next = await read();
    if (stopped || !next || (next.cert === serving.cert && next.key === serving.key)) return;
    use(next);
    serving = next;
    log.info('certificate-renewed');
  };
  const later = () => {
    cancel = clock.after(LOOK_MS, () => {
      look()
        .catch((error: unknown) => log.warn('certificate-unusable', errorFields(error)))
        .finally(() => !stopped && later());
    });
  };
  later();
  return () => {
    stopped = true;
    cancel();
  };
}
