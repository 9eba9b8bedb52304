import type { Cancel } from '../../lib/ops/clock.ts';
import type { TaskMessage, WakeTransport } from '../../lib/push/types.ts';

export interface InProcessTransport extends WakeTransport {
  /** Messages to `task` go to `receive` from now on; a later one of the same name takes over. */
  attach(task: string, receive: (message: TaskMessage) => void): Cancel;
}

/** Holders of one process reach each other by a call. */
export function createInProcessTransport(): InProcessTransport {
  const tasks = new Map<string, (message: TaskMessage) => void>();
  return {
    attach(task, receive) {
      tasks.set(task, receive);
      return () => {
        if (tasks.get(task) === receive) tasks.delete(task);
      };
    },
    async send(task, message) {
      const receive = tasks.get(task);
      if (!receive) return 'gone';
      receive(message);
      return 'delivered';
    },
  };
}
