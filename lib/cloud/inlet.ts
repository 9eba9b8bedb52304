import { openDirectInlet } from '../push/direct/inlet.ts';
import type { TaskMessage } from '../push/types.ts';
import { type DialOptions, dialer } from '../push/websocket/dial.ts';
import { TaskSocket, type TaskSocketOptions } from '../push/websocket/task-socket.ts';
import type { Base } from './base.ts';
import type { TaskIdentity } from './ecs.ts';
import { type InletDeps, recheckSoon } from './task.ts';

/** Where wakes for a task come in. */
export interface WakeInlet {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Wakes come from the stream to nobody: the sweep finds everything, late. */
export const noInlet = (): WakeInlet => ({ start: async () => {}, stop: async () => {} });

export interface SocketInletOptions extends Pick<DialOptions, 'url' | 'region' | 'credentials'> {
  readonly options?: Partial<TaskSocketOptions>;
}

/** By a connection that the task itself opens and keeps. */
export function socketInlet(base: Pick<Base, 'clock' | 'log'>, { task }: TaskIdentity, given: SocketInletOptions) {
  return ({ holder }: InletDeps): WakeInlet => {
    const socket = new TaskSocket({
      ...base,
      dial: dialer({ ...given, task, clock: base.clock }),
      receive: (message) => holder.receive(message),
      recheck: () => recheckSoon(holder),
      options: given.options,
    });
    return { start: () => socket.start(), stop: async () => socket.stop() };
  };
}

/** By a port of the task. @throws Error when the task has no address that others could reach */
export function directInlet(base: Pick<Base, 'clock' | 'log'>, { task, address: host }: TaskIdentity, port: number) {
  if (host === undefined) throw new Error('the task does not know its own address');
  return ({ domain, holder }: InletDeps): WakeInlet => {
    let inlet: { close(): Promise<void> } | undefined;
    return {
      async start() {
        const { table } = domain.store;
        const receive = (message: TaskMessage) => holder.receive(message);
        inlet = await openDirectInlet({ ...base, table, task, host, port, receive });
      },
      stop: async () => inlet?.close(),
    };
  };
}
