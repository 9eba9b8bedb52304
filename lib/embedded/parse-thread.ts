/**
 * Large messages are read in a thread of their own: 25 MB take seconds, and every Ping that is held here would wait for
 * them. Small ones are read where they are, for a thread costs more than they do.
 */
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { withLimits } from '../mail/limits.ts';
import { type ParsedMessage, type ParseOptions, parseMessage, unparsedMessage } from '../mail/parse.ts';
import type { Clock } from '../ops/clock.ts';
import { errorFields, type Log } from '../ops/log.ts';

export interface ParseThreadOptions {
  /** Bytes of a message from which on a thread reads it. */
  readonly fromBytes: number;
  /** Milliseconds that one message may take, once its turn came. */
  readonly timeoutMs: number;
  /** MB of memory of the thread, without the bytes of messages. */
  readonly heapMb: number;
}

const DEFAULTS: ParseThreadOptions = { fromBytes: 1024 * 1024, timeoutMs: 120_000, heapMb: 512 };

export interface ParseThreadDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** The module that the thread runs; its own where absent. */
  readonly script?: URL;
}

/** What the thread is given. */
export interface ParseTask {
  readonly raw: Uint8Array;
  readonly options: ParseOptions;
}

/** Source, compiled or bundled: beside this module, ending as it does. No tool rewrites the name in a URL. */
const SCRIPT = new URL(`./parse-worker${path.extname(import.meta.url)}`, import.meta.url);

/**
 * `--max-old-space-size` would be the limit of every thread, whatever it is given. The heap of this one has its size by
 * now and keeps it. For whoever owns the process: a program that has the server in it may want its flag for itself.
 */
export function limitThreadsApart(): void {
  setFlagsFromString('--max-old-space-size=0');
}

/**
 * `parseMessage` that leaves this thread free. One large message is read at a time, the others wait for their turn. A
 * thread that dies or takes too long loses nothing: its message is kept as one that the parser gave up on.
 * @throws RangeError for options that are no limits
 */
export function createThreadedParser(
  { clock, log, script = SCRIPT }: ParseThreadDeps,
  given: Partial<ParseThreadOptions> = {},
): typeof parseMessage {
  const { fromBytes, timeoutMs, heapMb } = withLimits(DEFAULTS, given);
  let turn: Promise<unknown> = Promise.resolve();

  async function apart(task: ParseTask): Promise<ParsedMessage> {
    try {
      return await inThread(task, { script, clock, log, timeoutMs, heapMb });
    } catch (error) {
      log.error('message could not be read in its thread', { bytes: task.raw.length, ...errorFields(error) });
      return unparsedMessage(task.raw, task.options);
    }
  }

  return async (raw, options) => {
    if (raw.length < fromBytes) return parseMessage(raw, options);
    const mine = turn.then(() => apart({ raw, options }));
    turn = mine.catch(() => undefined);
    return mine;
  };
}

interface Run {
  readonly script: URL;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeoutMs: number;
  readonly heapMb: number;
}

/** A thread for each message: it starts in a tenth of a second, and leaves neither memory nor state behind. */
function inThread(task: ParseTask, { script, clock, log, timeoutMs, heapMb }: Run): Promise<ParsedMessage> {
  return new Promise((resolve, reject) => {
    // It needs nothing of this process: neither its flags nor its environment, with secrets in it.
    const raw = new Uint8Array(task.raw);
    const worker = new Worker(script, {
      workerData: { ...task, raw } satisfies ParseTask,
      transferList: [raw.buffer],
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    const end = (settle: () => void) => {
      cancel();
      worker.removeAllListeners();
      // What it says while it is being ended is no news.
      worker.on('error', () => undefined);
      worker.terminate().then(settle, settle);
    };
    const cancel = clock.after(timeoutMs, () => end(() => reject(new Error('took too long'))));
    const { threadId: thread } = worker;
    worker.once('message', (message: ParsedMessage) => {
      log.debug('message read in its thread', { bytes: task.raw.length, thread });
      end(() => resolve(message));
    });
    worker.once('messageerror', (error) => end(() => reject(error)));
    worker.once('error', (error) => end(() => reject(error)));
    worker.once('exit', (code) => end(() => reject(new Error(`ended with ${code}`))));
  });
}
