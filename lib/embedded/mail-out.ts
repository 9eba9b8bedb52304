import { createOutbound, type OutboundQueue } from '../delivery/outbound/outbound.ts';
import { createSmtpRelay } from '../delivery/outbound/smtp-relay.ts';
import type { Domain } from './domain.ts';
import { mailName } from './people.ts';

/** The queue of mail out, worked off by this process: to recipients here, and to others where there is a relay. */
export function startMailOut({ options, delivery, doorbell, accounts, store, clock, log }: Domain): OutboundQueue {
  const { table, blobs } = store;
  const name = mailName(options);
  const relay = options.relayUrl ? createSmtpRelay({ url: options.relayUrl, hostname: name }, log) : undefined;
  const queue = createOutbound(
    { delivery, directory: accounts, table, blobs, clock, log, relay },
    { hostname: name, relayOwnDomains: options.relayOwnDomains },
  );
  doorbell.listen((queued) => queue.adopt(queued));
  queue.start();
  return queue;
}
