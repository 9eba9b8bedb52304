import type { Clock } from '../../ops/clock.ts';
import { randomToken } from '../../ops/ids.ts';
import { errorFields, type Log } from '../../ops/log.ts';
import type { Table } from '../../store/ports.ts';
import type { TaskMessage } from '../types.ts';
import { publish, withdraw } from './address.ts';
import { listenDirect } from './listener.ts';

export interface DirectInletOptions {
  readonly table: Pick<Table, 'transact'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly task: string;
  /** Where the others reach this task. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where it listens; every address of the machine where absent. */
  readonly bind?: string;
  readonly receive: (message: TaskMessage) => void;
}

const REPUBLISH_MS = 3_600_000;

/** Listens for messages to the task and says in the store where. @throws the error of the port or of the store */
export async function openDirectInlet(options: DirectInletOptions): Promise<{ close(): Promise<void> }> {
  const { table, clock, log, task, host, port, bind, receive } = options;
  const key = randomToken(32);
  const trouble = (error: unknown) => log.warn('task-address', errorFields(error));
  const listener = await listenDirect({ clock, task, key, port, host: bind, receive });
  const address = { url: `http://${host}:${listener.port}`, key };
  try {
    await publish(table, task, address, clock.now());
  } catch (error) {
    await listener.close();
    throw error;
  }
  let cancel = () => {};
  const again = () => {
    cancel = clock.after(REPUBLISH_MS, () => {
      publish(table, task, address, clock.now()).catch(trouble);
      again();
    });
  };
  again();
  return {
    async close() {
      cancel();
      await withdraw(table, task, address).catch(trouble);
      await listener.close();
    },
  };
}
