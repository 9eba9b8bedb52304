import { createOutbound } from '../delivery/outbound/outbound.ts';
import type { Domain } from '../embedded/domain.ts';
import { createProduct } from '../embedded/product.ts';
import { readConfig } from '../ops/config.ts';
import type { FastPath } from '../push/fast-path.ts';
import type { Table } from '../store/ports.ts';
import { BASE_CONFIG, type Base, openBase } from './base.ts';
import { createBriefHolder } from './brief-holder.ts';
import { type OpenVault, openCloudDomain, SERVER_CONFIG } from './domain.ts';
import type { LambdaHost } from './lambda-alb.ts';
import { openFastPath, openTransport, wakeConfig } from './waking.ts';

/** The domain whose changes are told at once to whoever waits for them. */
export async function openWakingDomain(
  config: Parameters<typeof openCloudDomain>[0] & Parameters<typeof openTransport>[0],
  base: Base,
  openVault?: OpenVault,
): Promise<{ readonly domain: Domain; readonly fastPath: FastPath }> {
  let fastPath: FastPath | undefined;
  const over = (table: Table) => {
    // Waking itself goes around it: a waiter that is deleted is no change that anybody waits for.
    fastPath = openFastPath(config, openTransport(config, table, base), table, base);
    return fastPath.over(table);
  };
  const domain = await openCloudDomain(config, base, { over, openVault });
  return { domain, fastPath: fastPath! };
}

/** The whole product for the lambda lane, from the environment. @throws BadConfig */
export async function openLambdaHost(openVault?: OpenVault): Promise<LambdaHost> {
  const config = readConfig([...BASE_CONFIG, ...SERVER_CONFIG, 'responseBytes']);
  const withUrl = { ...config, ...wakeConfig(config) };
  const base = openBase(config);
  const { domain, fastPath } = await openWakingDomain(withUrl, base, openVault);
  const { delivery, accounts, store, clock, log } = domain;
  // Nothing is relayed here, nor adopted from the doorbell: the function stands still when it has answered, with the
  // message leased. The tasks look through the queue every few seconds.
  const relay = config.outbound === 'ses' ? 'elsewhere' : undefined;
  const outbound = createOutbound(
    { delivery, directory: accounts, table: store.table, blobs: store.blobs, clock, log, relay },
    { hostname: config.hostName, relayOwnDomains: domain.options.relayOwnDomains },
  );
  const holder = createBriefHolder(base);
  const origin = `https://${config.hostName}`;
  return {
    ...base,
    fastPath,
    handler: createProduct(domain, holder, outbound, {
      lane: 'lambda',
      responseBytes: config.responseBytes,
      origin,
      tracer: base.tracer,
    }),
  };
}

export { albFunction } from './lambda-alb.ts';
