/** The thread of `parse-thread.ts`: reads the one message that it is given, tells what is in it, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { parseMessage } from '../mail/parse.ts';
import type { ParseTask } from './parse-thread.ts';

const { raw, options } = workerData as ParseTask;
const message = await parseMessage(raw, options);
// Attachments change hands instead of being copied; two may be views of the same bytes.
const files = new Set(message.attachments.map(({ content }) => content.buffer as ArrayBuffer));
parentPort?.postMessage(message, [...files]);
