import { Agent, request } from 'node:http';
import type { Clock } from '../../ops/clock.ts';
import { limit } from '../../store/limits.ts';
import type { Table } from '../../store/ports.ts';
import { sendTo, TaskAddresses } from '../task-address.ts';
import { packMessage } from '../task-message.ts';
import type { TaskMessage, WakeTransport } from '../types.ts';
import { addressOf, type DirectAddress } from './address.ts';
import { WAKE_PATH } from './listener.ts';
import { SEAL_HEADER, seal } from './seal.ts';

export interface DirectTransportOptions {
  readonly table: Pick<Table, 'get'>;
  readonly clock: Clock;
  /** From the first byte to the answer. Default 2 s: a task in the same network answers within one. */
  readonly timeoutMs?: number;
}

export interface DirectTransport extends WakeTransport {
  close(): void;
}

const MESSAGE_BYTES = 128 * 1024;

/** Posts to the task itself, inside the network. `send` rejects for an answer that makes no sense. */
export function createDirectTransport(options: DirectTransportOptions): DirectTransport {
  const timeoutMs = limit('timeoutMs', options.timeoutMs ?? 2000, 1, 60_000);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const addresses = new TaskAddresses(options.table, addressOf);

  async function deliver(task: string, address: DirectAddress, pieces: readonly Uint8Array[]) {
    for (const body of pieces) {
      const sealed = seal(address.key, task, body, options.clock.now());
      const status = await posted(agent, address.url, sealed, body, timeoutMs);
      // Another process lives there by now, or none: as good as nobody.
      if (status === 'nobody' || status === 401 || status === 404) return 'gone';
      if (status !== 204) throw new Error(`a task answered a wake with ${status}`);
    }
    return 'delivered';
  }

  return {
    send(task: string, message: TaskMessage) {
      const pieces = packMessage(message, MESSAGE_BYTES);
      return sendTo(
        addresses,
        task,
        (address) => deliver(task, address, pieces),
        (one, other) => one.url === other.url && one.key === other.key,
      );
    },
    close: () => agent.destroy(),
  };
}

type Posting = readonly [url: string, sealed: string, body: Uint8Array, timeoutMs: number];

/**
 * A function that was frozen for minutes still has connections that the task, or the network, ended long ago: what
 * fails on one of them says nothing of the task, and is posted again on a connection of its own.
 */
async function posted(agent: Agent, ...posting: Posting): Promise<number | 'nobody'> {
  const first = await post(agent, ...posting);
  const answer = first === 'stale' ? await post(false, ...posting) : first;
  return answer === 'stale' ? 'nobody' : answer;
}

function post(agent: Agent | false, ...[url, sealed, body, timeout]: Posting): Promise<number | 'nobody' | 'stale'> {
  return new Promise((resolve) => {
    const headers = { [SEAL_HEADER]: sealed, 'content-type': 'application/json', 'content-length': body.length };
    const call = request(`${url}${WAKE_PATH}`, { method: 'POST', agent, headers, timeout }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 'nobody');
    });
    call.once('timeout', () => call.destroy());
    // Refused, reset, unreachable, too late: nobody answers there.
    call.once('error', () => resolve(call.reusedSocket ? 'stale' : 'nobody'));
    call.end(body);
  });
}
