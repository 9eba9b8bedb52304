import { hostname } from 'node:os';
import { createOutbound, type OutboundQueue } from '../delivery/outbound/outbound.ts';
import { createSmtpRelay } from '../delivery/outbound/smtp-relay.ts';
import type { Domain } from './domain.ts';

/** The queue of mail out, worked off by this process: to recipients here, and to others where there is a relay. */
export function startMailOut({ options, delivery, accounts, store, clock, log }: Domain): OutboundQueue {
  const { table, blobs } = store;
  const name = options.mailName ?? safeName(hostname());
  const relay = options.relayUrl ? createSmtpRelay({ url: options.relayUrl, hostname: name }, log) : undefined;
  const queue = createOutbound(
    { delivery, directory: accounts, table, blobs, clock, log, relay },
    { hostname: name, relayOwnDomains: options.relayOwnDomains },
  );
  queue.start();
  return queue;
}

/** Machines may be called anything; header fields may not. */
const safeName = (name: string) => name.replace(/[^\w.-]/g, '').slice(0, 253) || 'localhost';
