import { randomToken } from '../ops/ids.ts';
import { errorFields } from '../ops/log.ts';
import { publish, withdraw } from '../push/direct/address.ts';
import { type DirectListener, listenDirect } from '../push/direct/listener.ts';
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

const REPUBLISH_MS = 3_600_000;

/** By a port of the task. @throws Error when the task has no address that others could reach */
export function directInlet({ clock, log }: Pick<Base, 'clock' | 'log'>, identity: TaskIdentity, port: number) {
  const { task, address: host } = identity;
  if (host === undefined) throw new Error('the task does not know its own address');
  return ({ domain, holder }: InletDeps): WakeInlet => {
    const { table } = domain.store;
    const key = randomToken(32);
    let listener: DirectListener | undefined;
    let cancel = () => {};
    const address = () => ({ url: `http://${host}:${listener!.port}`, key });
    const again = () => {
      cancel = clock.after(REPUBLISH_MS, () => {
        publish(table, task, address(), clock.now()).catch((error) => log.warn('task-address', errorFields(error)));
        again();
      });
    };
    return {
      async start() {
        listener = await listenDirect({ clock, task, key, port, receive: (message) => holder.receive(message) });
        await publish(table, task, address(), clock.now());
        again();
      },
      async stop() {
        cancel();
        await withdraw(table, task, address()).catch((error) => log.warn('task-address', errorFields(error)));
        await listener?.close();
      },
    };
  };
}
