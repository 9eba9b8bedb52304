import { createOutbound } from '../delivery/outbound/outbound.ts';
import type { Domain } from '../embedded/domain.ts';
import { createThreadedParser } from '../embedded/parse-thread.ts';
import { createProduct } from '../embedded/product.ts';
import { listenHybrid } from '../http/hybrid.ts';
import type { HashCost } from '../identity/password-hash.ts';
import type { Clock } from '../ops/clock.ts';
import type { CloudConfig } from '../ops/config.ts';
import { newId } from '../ops/ids.ts';
import type { FastPath } from '../push/fast-path.ts';
import { createHolder } from '../push/hold.ts';
import { type HoldOptions, SINGLE_WRITES } from '../push/options.ts';
import type { Holder, WakeTransport } from '../push/types.ts';
import type { Table } from '../store/ports.ts';
import { BASE_CONFIG, type Base } from './base.ts';
import { type OpenVault, openCloudDomain, SERVER_CONFIG } from './domain.ts';
import type { TaskIdentity } from './ecs.ts';
import { keepHouseInTurns } from './housekeeping.ts';
import type { WakeInlet } from './inlet.ts';
import { measuredHolder } from './measured-holder.ts';
import { createSesRelay } from './ses-relay.ts';
import { THREAD_HEAP_MB } from './task-memory.ts';
import { fastPathOf, openTransport, openWaker, withSelf } from './waking.ts';

/** What a task must be told. */
export const TASK_CONFIG = [
  ...BASE_CONFIG,
  ...SERVER_CONFIG,
  'port',
  'drainSeconds',
  'idleSeconds',
  'maxHeld',
  'bodiesBytes',
  'relaying',
] as const;
export type TaskConfig = Pick<CloudConfig, (typeof TASK_CONFIG)[number]> & { readonly wakeManagementUrl?: string };

export interface TaskParts extends Base {
  readonly identity: TaskIdentity;
  /** Takes wakes from outside. */
  readonly inlet: (deps: InletDeps) => WakeInlet;
  readonly hold?: Partial<HoldOptions>;
  readonly host?: string;
  readonly hashCost?: HashCost;
  readonly openVault?: OpenVault;
  /** Opens what all works on; the tables and buckets of the configuration where absent. */
  readonly open?: (over: (table: Table) => Table) => Promise<Domain>;
}

export interface InletDeps {
  readonly domain: Domain;
  readonly holder: Holder;
}

/** A task that serves. */
export interface Task {
  readonly url: string;
  readonly holder: Holder;
  readonly domain: Domain;
  /**
   * Answers all that is held, and what still comes at once, as the load balancer may not know yet; health checks are
   * told. Connections are closed after their answers. Resolves when nothing is held.
   */
  drain(): Promise<void>;
  /** Drains, then ends. */
  stop(): Promise<void>;
}

/** The load balancer must be the one that closes idle connections, or it meets closed ones. */
const KEEP_ALIVE_SPARE_MS = 60_000;
const GAUGE_MS = 60_000;
/** After a time without a connection all that is held is looked at within this. */
const RECHECK_MS = 10_000;

/** The product as the holder: every command, and all requests that wait. */
export async function startTask(config: TaskConfig, parts: TaskParts): Promise<Task> {
  const { clock, log, metrics, tracer, identity } = parts;
  const { task } = identity;
  let holding: { readonly holder: Holder; readonly fastPath: FastPath } | undefined;
  const open = parts.open ?? ((over) => openThreadedDomain(config, parts, over));
  const domain = await open((table) => {
    const others = openTransport(config, table, parts);
    const transport: WakeTransport = withSelf(task, (message) => holding?.holder.receive(message), others);
    const local = createHolder({
      table,
      clock,
      log,
      task,
      epoch: newId(clock.now()),
      transport,
      options: { ...SINGLE_WRITES, maxHeld: config.maxHeld, ...parts.hold },
      tracer,
    });
    const fastPath = fastPathOf(openWaker(transport, table, parts), parts);
    holding = { holder: measuredHolder(local, clock, metrics), fastPath };
    return fastPath.over(table);
  });
  const { holder } = holding!;
  const { delivery, accounts, store } = domain;
  const relay = config.outbound === 'ses' ? createSesRelay(log) : undefined;
  const outbound = createOutbound(
    { delivery, directory: accounts, table: store.table, blobs: store.blobs, clock, log, relay },
    { hostname: config.hostName, relayOwnDomains: domain.options.relayOwnDomains, relaying: config.relaying },
  );
  domain.doorbell.listen((queued) => outbound.adopt(queued));
  outbound.start();
  const handler = createProduct(domain, holder, outbound, {
    origin: `https://${config.hostName}`,
    hashCost: parts.hashCost,
    ...(config.bodiesBytes && { limits: { bodiesBytes: config.bodiesBytes } }),
    tracer,
  });
  const inlet = parts.inlet({ domain, holder });
  await inlet.start();
  const listener = await listenHybrid({
    handler,
    clock,
    log,
    port: config.port,
    host: parts.host,
    trustedHops: 1,
    timeouts: { keepAlive: config.idleSeconds * 1000 + KEEP_ALIVE_SPARE_MS },
  });
  const ungauge = gauge(clock, () => {
    metrics.add('HeldRequests', holder.held);
    metrics.flush();
  });
  let drained: Promise<void> | undefined;
  /** Wakes are heard to the end: what arrives meanwhile is told instead of being found by the next Ping. */
  const drain = () => {
    if (!drained) listener.drain('accepting');
    drained ??= holder.drain(config.drainSeconds * 1000).then(() => log.info('task-drained', { task }));
    return drained;
  };
  const leaveHouse = keepHouseInTurns(domain);
  log.info('task-started', { task, port: listener.port });
  return {
    url: listener.url,
    holder,
    domain,
    drain,
    async stop() {
      leaveHouse();
      await drain();
      listener.drain();
      await inlet.stop();
      await outbound.close();
      await holder.close();
      await listener.close();
      relay?.close();
      await domain.close();
      ungauge();
      metrics.flush();
    },
  };
}

/** A large message takes the fraction of a CPU that a task has for half a minute, and everything held would wait. */
function openThreadedDomain(config: TaskConfig, parts: TaskParts, over: (table: Table) => Table): Promise<Domain> {
  const parse = createThreadedParser(parts, { heapMb: THREAD_HEAP_MB });
  return openCloudDomain(config, parts, { over, openVault: parts.openVault, parse });
}

function gauge(clock: Clock, run: () => void): () => void {
  let cancel = () => {};
  const next = () => {
    cancel = clock.after(GAUGE_MS, () => {
      run();
      next();
    });
  };
  next();
  return () => cancel();
}

export const recheckSoon = (holder: Pick<Holder, 'recheck'>) => holder.recheck(RECHECK_MS);
