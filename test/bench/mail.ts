import { type Figure, percentile } from './figures.ts';
import type { Sent } from './load.ts';
import { type Answer, type Bench, untilHeld } from './push.ts';
import type { Growth } from './server.ts';

const MB = 1024 * 1024;
const ATTACHMENT_BYTES = 10 * MB;
const SETTLE_MS = 5000;
const settle = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const range = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at);

/**
 * One person writes to another whose Ping is held, `sends` times, one after the other: from the first byte of SendMail to
 * the arrival of the Ping's answer. The copy in Sent Items is part of it. Half of the phones write, the others wait.
 */
export async function sendToPing(bench: Bench, sends: number): Promise<Figure[]> {
  const { load } = bench;
  const waiting = range(sends, sends);
  await load.tell({ do: 'hold', phones: waiting, heartbeat: 3540 });
  await untilHeld(bench, sends);
  const answers = load.tell<Answer[]>({ do: 'answers', count: sends });
  const pairs = waiting.map((to) => [to - sends, to] as const);
  const sent = await load.tell<Sent[]>({ do: 'send', pairs });
  const began = new Map(sent.map((one) => [one.to, BigInt(one.began)]));
  const delays = (await answers).map(({ id, at, status }) => {
    if (status !== 2) throw new Error(`a Ping was answered ${status}`);
    return Number(BigInt(at) - began.get(id)!) / 1e6;
  });
  const own = sent.map((one) => Number(BigInt(one.answered) - BigInt(one.began)) / 1e6);
  return [
    {
      name: `SendMail to the recipient's Ping response, ${sends} sends, p50`,
      value: percentile(delays, 0.5),
      unit: 'ms',
      target: { atMost: 20 },
    },
    { name: '... p99', value: percentile(delays, 0.99), unit: 'ms' },
    { name: 'SendMail to its own response, p50', value: percentile(own, 0.5), unit: 'ms' },
  ];
}

/** What a slow reader of a large attachment makes the server keep. */
export async function attachmentMemory(bench: Bench): Promise<Figure[]> {
  const { server, load } = bench;
  await server.tell({ do: 'attach', user: 0, bytes: ATTACHMENT_BYTES });
  // What reads a new message for its words is another matter.
  await settle(SETTLE_MS);
  const figures: Figure[] = [];
  for (const multipart of [false, true]) {
    // What the first of its kind leaves behind for good, compiled code above all, is no growth. Not the whole file: a
    // server that kept it would have it already.
    await load.tell({ do: 'fetch', phone: 0, multipart, range: '0-99' });
    await server.tell({ do: 'watch' });
    const length = await load.tell<number>({ do: 'fetch', phone: 0, multipart });
    const { live, rss, looks } = await server.tell<Growth>({ do: 'watched' });
    if (length < ATTACHMENT_BYTES || looks < 5) throw new Error(`${length} bytes, looked ${looks} times`);
    const way = multipart ? 'in parts' : 'inline';
    figures.push(
      {
        name: `10 MB attachment ${way}: growth of memory in use`,
        value: live / MB,
        unit: 'MB',
        target: { atMost: 8 },
      },
      { name: '... of the resident memory', value: rss / MB, unit: 'MB' },
    );
  }
  return figures;
}
