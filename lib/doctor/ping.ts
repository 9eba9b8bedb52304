import type { PingResponse } from '../documents/ping.ts';
import { type Clock, sleep } from '../ops/clock.ts';
import { answeredBy, cutAdvice, refusal } from './refusal.ts';
import { Trouble, type Visit } from './types.ts';

/** A Ping on its way. */
export interface OpenPing {
  readonly heartbeat: number;
  /** Rejects with `Trouble` when it was cut. */
  readonly answer: Promise<PingResponse & { readonly seconds: number }>;
  abort(): void;
}

export function openPing({ phone, inbox, clock }: Visit, heartbeat: number): OpenPing {
  const started = clock.now();
  const stop = new AbortController();
  const seconds = () => (clock.now() - started) / 1000;
  const ask = async () => {
    const { document, ...answer } = await phone.ping([inbox!], heartbeat, stop.signal).catch((error: Error) => {
      throw cut(error, seconds());
    });
    if (document) return { ...document, seconds: seconds() };
    const gateway = answer.status === 408 || answer.status >= 502;
    if (!gateway) throw refusal('Ping', answer);
    const message = `answered HTTP ${answer.status}${answeredBy(answer)} after ${seconds().toFixed(1)} s`;
    throw new Trouble(message, cutAdvice(seconds()));
  };
  const answer = ask();
  // Whoever waits hears of it; a Ping that nobody waits for any more may end as it likes.
  answer.catch(() => {});
  return { heartbeat, answer, abort: () => stop.abort() };
}

function cut(error: Error, seconds: number): Trouble {
  if (error.name === 'WbxmlError') return new Trouble(`Ping: the answer is no WBXML (${error.message})`);
  const code = (error as NodeJS.ErrnoException).code ?? error.message;
  return new Trouble(`cut after ${seconds.toFixed(1)} s without an answer (${code})`, cutAdvice(seconds), error);
}

/** What came of it within `ms`; `undefined` when it still waits. */
export async function orStill<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | undefined> {
  const enough = new AbortController();
  try {
    return await Promise.race([
      work,
      sleep(clock, ms, enough.signal).then(
        () => undefined,
        () => undefined,
      ),
    ]);
  } finally {
    enough.abort();
  }
}
