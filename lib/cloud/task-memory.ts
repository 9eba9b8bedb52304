/**
 * What a task may do at once, from the memory that it has. Every bound below can be reached at one time, by hostile
 * senders or by bad luck, and a task over its memory is killed with all that it holds; so their sum must fit:
 *
 *     heap          half of it (`--max-old-space-size`): objects and long texts; 3 KB of it for each held request
 *   + CODE           64   node, its code, buffers of its own
 *   + THREAD        176   the thread that reads large messages: 96 of heap, and a message of 40 with what is found in it
 *   + SOCKET          1.5 KB for each held request, outside of the heap
 *   + RELAYED       134   for each message of 40 that is with SES: as stored, as sent, and its request in base64
 *   + bodies              what is left: bodies of requests, whole or inflated, at least one of the largest
 *
 * With 1,024 MiB: 512 + 64 + 176 + 30 + 134, and 108 for bodies. With 512 it would be 256 + 64 + 176 + 15 + 134 and 40
 * for a body, which is 685.
 */
import { DEFAULT_LIMITS } from '../protocol/limits.ts';

/** MB of memory of the thread that reads large messages, without their bytes. */
export const THREAD_HEAP_MB = 96;

const MIB = 1024 * 1024;
const CODE = 64;
const THREAD = THREAD_HEAP_MB + 80;
const SOCKET_KB = 1.5;
const RELAYED = 134;
const MOST_RELAYED = 5;

/** Held requests that a MiB of memory carries, all costs of a request and its socket counted. */
export const HELD_PER_MIB = 20;

export interface TaskMemory {
  /** MiB for V8's old space. */
  readonly heapMiB: number;
  readonly maxHeld: number;
  /** Bytes of all bodies that are read at one time. */
  readonly bodiesBytes: number;
  /** Messages that are with the relay at one time. */
  readonly relaying: number;
  /** MiB of all that together; more than there is where the task is too small for the least of each. */
  readonly sumMiB: number;
}

/** @throws RangeError for what is no size of a task */
export function taskMemory(memoryMiB: number): TaskMemory {
  if (!(Number.isInteger(memoryMiB) && memoryMiB >= 512))
    throw new RangeError(`${memoryMiB} MiB are no size of a task`);
  const heapMiB = memoryMiB / 2;
  const maxHeld = memoryMiB * HELD_PER_MIB;
  const always = heapMiB + CODE + THREAD + (maxHeld * SOCKET_KB) / 1024;
  const left = memoryMiB - always;
  const relaying = Math.min(MOST_RELAYED, Math.max(1, Math.floor(left / 2 / RELAYED)));
  const { bodyBytes, bodiesBytes: most } = DEFAULT_LIMITS;
  const forBodies = Math.floor(left - relaying * RELAYED) * MIB;
  const bodiesBytes = Math.min(most, Math.max(bodyBytes, forBodies));
  return { heapMiB, maxHeld, bodiesBytes, relaying, sumMiB: always + relaying * RELAYED + bodiesBytes / MIB };
}
