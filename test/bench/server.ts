/** The server under load: a process of its own that does what its parent says over IPC, so that its figures are its own. */

import type { EmbeddedInput } from '../../lib/embedded/options.ts';
import { start } from '../../lib/embedded/start.ts';
import { hashPassword } from '../../lib/identity/password-hash.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { messageWith, mixedMessage } from './messages.ts';

export type Order =
  | { readonly do: 'start'; readonly input: EmbeddedInput }
  /** With a password of their own, all the same, where one is given; with app passwords otherwise. */
  | { readonly do: 'users'; readonly count: number; readonly from?: number; readonly password?: string }
  | { readonly do: 'held' }
  | { readonly do: 'usage' }
  /** One message to each of these users, `perSecond` at most; answers with the commit times. */
  | { readonly do: 'deliver'; readonly users: readonly number[]; readonly perSecond?: number; readonly atOnce?: number }
  | { readonly do: 'fill'; readonly user: number; readonly count: number }
  /** A message with an attachment of so many bytes. */
  | { readonly do: 'attach'; readonly user: number; readonly bytes: number }
  /** Looks at its memory from now on, until `watched`. */
  | { readonly do: 'watch' }
  | { readonly do: 'watched' }
  | { readonly do: 'close' };

export interface Usage {
  /** Microseconds of this process, before and after the collections that measuring asks for. */
  readonly cpu: number;
  readonly cpuAfter: number;
  readonly rss: number;
  readonly heap: number;
  readonly held: number;
}

/** The most above what it was, bytes. */
export interface Growth {
  /** What is in use: heap and buffers after a collection. */
  readonly live: number;
  readonly rss: number;
  /** How often it was looked at. */
  readonly looks: number;
}

export interface UserSecret {
  readonly user: string;
  readonly password: string;
}

export const addressOf = (index: number) => `user${index}@bench.test`;

type Started = Awaited<ReturnType<typeof start>>;
let server: Started | undefined;
/** Commit times by mailbox, CLOCK_MONOTONIC. */
const commits = new Map<string, bigint>();

let watcher: (() => Growth) | undefined;
/** A collection takes a good part of it. */
const LOOK_MS = 200;

function watchMemory(): () => Growth {
  const look = () => {
    globalThis.gc?.();
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
    return { live: heapUsed + arrayBuffers, rss };
  };
  look();
  const before = look();
  let most: Growth = { live: 0, rss: 0, looks: 0 };
  const timer = setInterval(() => {
    const now = look();
    most = {
      live: Math.max(most.live, now.live - before.live),
      rss: Math.max(most.rss, now.rss - before.rss),
      looks: most.looks + 1,
    };
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    return most;
  };
}

const orders: { [K in Order['do']]: (order: Extract<Order, { do: K }>) => Promise<unknown> } = {
  async start({ input }) {
    // A load generator asks what no phone would be allowed to.
    const unlimited = { sameCommands: 0, syncsPerMinute: 0, commandsPerMinute: 0 };
    server = await start({ ...unlimited, ...input }, { log: silentLog });
    server.domain.store.feed.subscribe((records) => {
      const now = process.hrtime.bigint();
      for (const { pk, sk } of records) if (sk.startsWith('F#')) commits.set(pk, now);
    });
    return { port: Number(new URL(server.url).port) };
  },
  async users({ count, from = 0, password }) {
    const { accounts } = server!.domain;
    const made: UserSecret[] = [];
    const passwordHash = password === undefined ? undefined : await hashPassword(password);
    for (let index = from; index < from + count; index++) {
      const { id } = await accounts.create({ address: addressOf(index), passwordHash });
      if (password !== undefined) {
        made.push({ user: addressOf(index), password });
        continue;
      }
      // App passwords: what is measured is holding, not argon2.
      const { secret } = await accounts.addAppPassword(id, 'bench');
      made.push({ user: addressOf(index), password: secret });
    }
    return made;
  },
  async held() {
    return server!.holder.held;
  },
  async usage() {
    // Before the collections, so that their cost is no part of what is measured between two calls.
    const { user, system } = process.cpuUsage();
    globalThis.gc?.();
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    const after = process.cpuUsage();
    return {
      cpu: user + system,
      cpuAfter: after.user + after.system,
      rss,
      heap: heapUsed,
      held: server!.holder.held,
    } satisfies Usage;
  },
  async deliver({ users, perSecond, atOnce = 1 }) {
    const times: [number, string][] = [];
    const began = performance.now();
    const ids = await Promise.all(
      users.map(async (index) => (await server!.domain.accounts.byAddress(addressOf(index)))!.id),
    );
    let next = 0;
    const worker = async () => {
      for (let at = next++; at < users.length; at = next++) {
        if (perSecond) {
          const due = began + (at * 1000) / perSecond;
          const wait = due - performance.now();
          if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        }
        await server!.deliver(addressOf(users[at]!), mixedMessage(at));
        times.push([users[at]!, String(commits.get(`U#${ids[at]}`))]);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return times;
  },
  async fill({ user, count }) {
    for (let at = 0; at < count; at++) await server!.deliver(addressOf(user), mixedMessage(at));
    return count;
  },
  async attach({ user, bytes }) {
    await server!.deliver(addressOf(user), messageWith(bytes));
    return bytes;
  },
  async watch() {
    watcher = watchMemory();
    return undefined;
  },
  async watched() {
    const growth = watcher!();
    watcher = undefined;
    return growth;
  },
  async close() {
    await server?.drain(0);
    await server?.close();
    setImmediate(() => process.exit(0));
    return undefined;
  },
};

process.on('message', (message: { id: number; order: Order }) => {
  const run = orders[message.order.do] as (order: Order) => Promise<unknown>;
  run(message.order).then(
    (result) => process.send!({ id: message.id, result }),
    (error: unknown) => process.send!({ id: message.id, error: String((error as Error).stack ?? error) }),
  );
});
