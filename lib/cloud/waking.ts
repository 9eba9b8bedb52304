import { type CloudConfig, readConfig } from '../ops/config.ts';
import { createDirectTransport } from '../push/direct/transport.ts';
import { FastPath } from '../push/fast-path.ts';
import type { TaskMessage, WakeTransport } from '../push/types.ts';
import { Waiters } from '../push/waiters.ts';
import { Waker } from '../push/wake.ts';
import { createSocketTransport } from '../push/websocket/transport.ts';
import type { Table } from '../store/ports.ts';
import type { Base } from './base.ts';

type WakeConfig = Pick<CloudConfig, 'wakeTransport'> & { readonly wakeManagementUrl?: string };

/** What the transport has to be told besides its name. @throws BadConfig */
export const wakeConfig = ({ wakeTransport }: WakeConfig): Pick<CloudConfig, 'wakeManagementUrl'> | undefined =>
  wakeTransport === 'websocket' ? readConfig(['wakeManagementUrl']) : undefined;

/** Nobody is reached: the stream alone wakes. */
const UNREACHED: WakeTransport = { send: async () => 'gone' };

export function openTransport(
  config: WakeConfig,
  table: Pick<Table, 'get'>,
  { clock }: Pick<Base, 'clock'>,
): WakeTransport {
  if (config.wakeTransport === 'websocket')
    return createSocketTransport({ table, endpoint: config.wakeManagementUrl! });
  if (config.wakeTransport === 'direct') return createDirectTransport({ table, clock });
  return UNREACHED;
}

/** What is sent to this process itself needs no way around. */
export function withSelf(task: string, receive: (message: TaskMessage) => void, others: WakeTransport): WakeTransport {
  return {
    async send(to, message) {
      if (to !== task) return others.send(to, message);
      receive(message);
      return 'delivered';
    },
  };
}

export const openWaker = (
  transport: WakeTransport,
  table: Table,
  { clock, log, tracer }: Pick<Base, 'clock' | 'log' | 'tracer'>,
) => new Waker({ waiters: new Waiters({ table, clock }), transport, log, tracer });

/**
 * The writer's own wake. With `none` there is none, and the waiters are not even read.
 * @param table without the fast path itself
 */
export function openFastPath(config: WakeConfig, transport: WakeTransport, table: Table, base: Base): FastPath {
  if (config.wakeTransport === 'none') return new FastPath(base.clock, async () => {});
  return fastPathOf(openWaker(transport, table, base), base);
}

/** What is committed is told at once; waiters that nobody answers for are counted. */
export function fastPathOf(waker: Waker, { clock, metrics }: Pick<Base, 'clock' | 'metrics'>): FastPath {
  return new FastPath(clock, async (wakes) => {
    const { stale } = await waker.tell(
      wakes.map((wake) => ({ ...wake, at: wake.at ?? clock.now() })),
      'fast-path',
    );
    if (stale > 0) metrics.add('StaleWaiters', stale);
  });
}
