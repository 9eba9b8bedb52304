import type { Queued } from './row.ts';

/** Between whoever commits a message to the queue and whoever works the queue off in the same process. */
export interface Doorbell {
  /** After the commit. Where nobody listens, the queue is looked through by another process some seconds later. */
  ring(queued: Queued): void;
  listen(run: (queued: Queued) => void): void;
}

export function createDoorbell(): Doorbell {
  let run: ((queued: Queued) => void) | undefined;
  return {
    ring: (queued) => run?.(queued),
    listen: (listener) => {
      run = listener;
    },
  };
}
