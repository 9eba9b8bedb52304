/**
 * Holds many Pings against a server, as many devices of one account:
 *
 *   node tools/hold.ts https://eas.example.com --user load@example.com --count 15000 --seconds 900
 *
 * The password comes by standard input. Give it an account of its own: every device stays with it. One address has room
 * for some 25,000 connections, and as many files must be allowed (`ulimit -n`).
 */
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Phone } from '../lib/client/phone.ts';
import { type Clock, sleep, systemClock } from '../lib/ops/clock.ts';

export interface HoldOrder {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly count: number;
  readonly seconds: number;
  readonly clock?: Clock;
  /** Devices that are set up at once. Default 32. */
  readonly width?: number;
}

/** How many wait, and how often something else happened: `status 1`, `HTTP 502`, the code of an error. */
export interface Standing {
  readonly held: number;
  readonly ends: ReadonlyMap<string, number>;
}

/** Every Ping that ends begins again, but for errors. Resolves when the time is over. */
export async function holdMany(order: HoldOrder, tell: (standing: Standing) => void): Promise<Standing> {
  const { url, user, password, count, seconds, clock = systemClock, width = 32 } = order;
  const options = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
  const agent = url.startsWith('https:') ? new https.Agent(options) : new http.Agent(options);
  const over = new AbortController();
  const ends = new Map<string, number>();
  let held = 0;
  const ended = (how: string) => void ends.set(how, (ends.get(how) ?? 0) + 1);

  async function wait(phone: Phone): Promise<void> {
    while (!over.signal.aborted) {
      held++;
      try {
        const { status, document } = await phone.ping([phone.inbox], 3540, over.signal);
        ended(status === 200 ? `status ${document?.Status}` : `HTTP ${status}`);
        if (document?.Status === 2) await phone.drain(phone.inbox);
        else if (document?.Status !== 1) return;
      } catch (error) {
        if (!over.signal.aborted) ended((error as { code?: string }).code ?? (error as Error).name);
        return;
      } finally {
        held--;
      }
    }
  }

  const waiting: Promise<void>[] = [];
  const places = new Array(count).keys();
  const setUp = async () => {
    for (const n of places) {
      if (over.signal.aborted) return;
      const phone = new Phone({ url, user, password, agent, deviceId: `DPHOLD${String(n).padStart(8, '0')}` });
      try {
        await phone.start();
        await phone.drain(phone.inbox);
        waiting.push(wait(phone));
      } catch (error) {
        ended(`set-up: ${(error as { code?: string }).code ?? (error as Error).message}`);
      }
    }
  };
  const standing = (): Standing => ({ held, ends: new Map(ends) });
  const reporting = (async () => {
    for (;;) {
      await sleep(clock, 10_000, over.signal);
      tell(standing());
    }
  })().catch(() => {});
  const settingUp = Promise.all(Array.from({ length: width }, setUp));
  await sleep(clock, seconds * 1000);
  const atTheEnd = held;
  over.abort();
  await Promise.all([settingUp, reporting]);
  await Promise.all(waiting);
  agent.destroy();
  // With what was still being set up.
  return { held: atTheEnd, ends };
}

export const lineOf = ({ held, ends }: Standing) =>
  [`held ${held}`, ...[...ends].map(([how, times]) => `${how}: ${times}`)].join(', ');

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      user: { type: 'string' },
      count: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '300' },
    },
  });
  const [url] = positionals;
  const [count, seconds] = [Number(values.count), Number(values.seconds)];
  if (!url || !values.user || !(Number.isInteger(count) && count > 0) || !(seconds > 0)) {
    console.error(
      'node tools/hold.ts URL --user ADDRESS [--count 1000] [--seconds 300]; the password by standard input',
    );
    process.exit(2);
  }
  const password = (await text(process.stdin)).trim();
  const show = (standing: Standing) => console.log(lineOf(standing));
  show(await holdMany({ url, user: values.user, password, count, seconds }, show));
}
