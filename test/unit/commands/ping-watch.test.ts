import { describe, expect, test } from 'vitest';
import type { PingMemory } from '../../../lib/commands/ping-memory.ts';
import { PingWatch } from '../../../lib/commands/ping-watch.ts';
import type { PingResponse } from '../../../lib/documents/ping.ts';
import type { Mailbox, MailboxState } from '../../../lib/mailbox/types.ts';
import type { DeviceId, FolderId, MailboxId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import type { CommandResult } from '../../../lib/protocol/command.ts';
import type { Outcome } from '../../../lib/push/types.ts';
import { StoreUnavailable, type Table } from '../../../lib/store/ports.ts';
import type { NewsKind } from '../../../lib/sync/types.ts';

const f = (name: string) => name as FolderId;
const names = (...all: string[]) => all.map(f);

/** A Ping over folders whose heads and news are set by the test. */
function watching(memory: Partial<PingMemory> = {}, broken?: Error) {
  const folders = memory.folders ?? names('a', 'b');
  const stored: PingMemory = { heartbeatS: 60, folders, policyEpoch: 1, wipeEpoch: 1, ...memory };
  const state = { incarnation: 'i', hierarchy: 1, policyEpoch: 1, wipeEpoch: 1 };
  const heads = new Map<string, { seq: number; added: number; tail?: number }>(
    folders.map((id) => [id, { seq: 1, added: 0 }]),
  );
  const news = new Map<string, NewsKind>();
  const asked = { news: 0, hierarchy: 0 };
  const written: PingMemory[] = [];
  const warned: string[] = [];
  const world = { upToDate: true, slow: Promise.resolve(), failing: undefined as Error | undefined };
  const mailbox = {
    id: 'm',
    heads: async () => {
      await world.slow;
      if (world.failing) throw world.failing;
      return { state: { ...state } as MailboxState, heads: new Map(heads) };
    },
  } as unknown as Mailbox;
  const table = {
    transact: async ([write]: { set: { ping: PingMemory } }[]) => {
      if (broken) throw broken;
      written.push(write!.set.ping);
    },
  } as unknown as Table;
  const watch = new PingWatch(
    {
      table,
      mailboxes: { open: () => mailbox },
      news: {
        look: async (_m, _d, ids, known) => {
          asked.news++;
          await known;
          return new Map(ids.map((id) => [id, news.get(id) ?? 'none']));
        },
      },
      hierarchy: {
        upToDate: async () => {
          asked.hierarchy++;
          return world.upToDate;
        },
      },
      log: { ...silentLog, warn: (event) => void warned.push(event) },
      strikes: 2,
    } as ConstructorParameters<typeof PingWatch>[0],
    'm' as MailboxId,
    'd' as DeviceId,
    1000,
    stored,
  );
  const answer = async (outcome: Outcome): Promise<PingResponse> => {
    const result: CommandResult<PingResponse> = await watch.answer(outcome);
    if (result.kind !== 'document') throw new Error(result.kind);
    return result.document;
  };
  /** Somebody commits into a folder. */
  const commit = (id: string, added = 0) => {
    const head = heads.get(id)!;
    heads.set(id, { seq: head.seq + 1, added: head.added + added });
  };
  return { watch, state, heads, news, asked, written, warned, world, answer, commit };
}
const nothing = { now: [], later: [], hierarchy: false };

describe('a Ping that looks', () => {
  test('is one of a device, with the folders that it named', () => {
    const { watch } = watching();
    expect([watch.kind, watch.mailbox, watch.device, watch.deadline]).toEqual(['ping', 'm', 'd', 1000]);
    expect(watch.folders).toEqual(names('a', 'b'));
  });

  test('tells what is now and what may wait, in the order of its folders', async () => {
    const { watch, news } = watching({ folders: names('a', 'b', 'c') });
    for (const [id, kind] of [
      ['c', 'now'],
      ['b', 'later'],
      ['a', 'now'],
    ] as const)
      news.set(id, kind);
    expect(await watch.look()).toEqual({ now: names('a', 'c'), later: names('b'), hierarchy: false });
  });

  test('that found nothing looks no further while the heads stay the same', async () => {
    const { watch, asked, heads, commit, state } = watching();
    expect(await watch.look()).toEqual(nothing);
    expect(await watch.look()).toEqual(nothing);
    expect(asked.news).toBe(1);
    commit('b');
    await watch.look();
    expect(asked.news).toBe(2);
    heads.set('b', { ...heads.get('b')!, tail: 1 });
    await watch.look();
    expect(asked.news).toBe(3);
    await watch.look();
    expect(asked.news).toBe(3);
    state.hierarchy++;
    await watch.look();
    expect(asked.news).toBe(4);
  });

  test('asks what the device has while the heads are read, at first and when it is woken; a sweep does not', async () => {
    const { watch, asked, commit, world } = watching();
    const slowly = async (woken?: boolean) => {
      let go = () => {};
      world.slow = new Promise((resolve) => {
        go = resolve;
      });
      const before = asked.news;
      const looking = watch.look(woken);
      const meanwhile = asked.news - before;
      go();
      await looking;
      return [meanwhile, asked.news - before];
    };
    expect(await slowly()).toEqual([1, 1]);
    commit('a');
    expect(await slowly(true)).toEqual([1, 1]);
    expect(await slowly(false)).toEqual([0, 0]);
    commit('a');
    expect(await slowly(false)).toEqual([0, 1]);
  });

  test('fails with the heads, once', async () => {
    const { watch, world } = watching();
    world.failing = new StoreUnavailable('away');
    await expect(watch.look(true)).rejects.toBe(world.failing);
    world.failing = undefined;
    expect(await watch.look()).toEqual(nothing);
  });

  test.each<NewsKind>(['now', 'later'])('that found something %s looks again', async (kind) => {
    const { watch, asked, news } = watching();
    news.set('a', kind);
    await watch.look();
    await watch.look();
    expect(asked.news).toBe(2);
  });

  test('that found one folder for now and one for later looks again', async () => {
    const { watch, asked, news } = watching();
    news.set('a', 'now');
    news.set('b', 'later');
    const found = { now: names('a'), later: names('b'), hierarchy: false };
    expect([await watch.look(), await watch.look()]).toEqual([found, found]);
    expect(asked.news).toBe(2);
  });

  test('tells one place from another of the same digits', async () => {
    const { watch, asked, state, heads } = watching({ policyEpoch: 12 });
    const at = async (hierarchy: number, policyEpoch: number, tail: number | undefined) => {
      Object.assign(state, { hierarchy, policyEpoch });
      heads.set('b', { seq: 1, added: 0, tail });
      const { hierarchy: told } = await watch.look();
      return [asked.news, told];
    };
    expect(await at(1, 12, undefined)).toEqual([1, false]);
    expect(await at(1, 12, 0)).toEqual([1, false]);
    expect(await at(11, 2, 0)).toEqual([2, true]);
  });

  test('asks for the hierarchy again only where it may be another', async () => {
    const { watch, asked, commit, state, world } = watching();
    const look = async () => {
      commit('a');
      await watch.look();
      return asked.hierarchy;
    };
    expect([await look(), await look()]).toEqual([1, 1]);
    state.hierarchy++;
    expect([await look(), await look()]).toEqual([2, 2]);
    state.incarnation = 'j';
    expect([await look(), await look()]).toEqual([3, 3]);
    world.upToDate = false;
    state.hierarchy++;
    expect([await look(), await look()]).toEqual([4, 5]);
  });

  test.each<[string, Partial<MailboxState>, boolean]>([
    ['nothing', {}, false],
    ['a policy', { policyEpoch: 2 }, true],
    ['a wipe', { wipeEpoch: 2 }, true],
  ])('must FolderSync for %s', async (_, over, hierarchy) => {
    const { watch, state } = watching();
    Object.assign(state, over);
    expect(await watch.look()).toEqual({ ...nothing, hierarchy });
  });

  test('must FolderSync for a folder that is gone, until it was told so often enough', async () => {
    const told = async (strikes: number) => {
      const { watch, news } = watching({ strikes: { [f('a')]: strikes } });
      news.set('a', 'gone');
      return (await watch.look()).hierarchy;
    };
    expect([await told(0), await told(2), await told(3)]).toEqual([true, true, false]);
  });
});

describe('a folder that was never synchronised', () => {
  test('is news where something was added while the Ping waits, and only then', async () => {
    const { watch, news, commit } = watching();
    news.set('b', 'unsynced');
    commit('b', 5);
    expect(await watch.look()).toEqual(nothing);
    commit('b');
    expect(await watch.look()).toEqual(nothing);
    commit('b', 1);
    expect(await watch.look()).toEqual({ ...nothing, now: names('b') });
    news.set('a', 'now');
    expect(await watch.look()).toEqual({ ...nothing, now: names('a', 'b') });
  });

  test('whose head is not there has nothing added', async () => {
    const { watch, news, heads, commit } = watching();
    news.set('b', 'unsynced');
    heads.delete('b');
    expect(await watch.look()).toEqual(nothing);
    commit('a');
    expect(await watch.look()).toEqual(nothing);
  });

  test('is told with its strike, and at last a FolderSync instead', async () => {
    const waiting = async (strikes: number, news: Record<string, NewsKind>) => {
      const world = watching({ strikes: strikes > 0 ? { [f('b')]: strikes } : undefined });
      world.news.set('b', 'unsynced');
      await world.watch.look();
      world.commit('b', 1);
      for (const [id, kind] of Object.entries(news)) world.news.set(id, kind);
      const { now } = await world.watch.look();
      return { now, answer: await world.answer({ kind: 'changes', folders: now }), written: world.written };
    };
    const first = await waiting(0, {});
    expect(first.answer).toEqual({ Status: 2, Folders: { Folder: names('b') } });
    expect(first.written).toMatchObject([{ strikes: { b: 1 } }]);
    const last = await waiting(2, {});
    expect(last.answer).toEqual({ Status: 7 });
    expect(last.written).toMatchObject([{ strikes: { b: 3 } }]);
    // Beside one that is synchronised it is told all the same.
    const beside = await waiting(2, { a: 'now' });
    expect(beside.answer).toEqual({ Status: 2, Folders: { Folder: names('a', 'b') } });
    expect(beside.written).toMatchObject([{ strikes: { b: 3 } }]);
    expect((await waiting(3, {})).now).toEqual([]);
  });

  test('is told again where only some were told often enough', async () => {
    const { watch, news, commit, answer } = watching({ strikes: { [f('a')]: 2 } });
    for (const id of names('a', 'b')) news.set(id, 'unsynced');
    await watch.look();
    for (const id of names('a', 'b')) commit(id, 1);
    const { now } = await watch.look();
    expect(await answer({ kind: 'changes', folders: now })).toEqual({
      Status: 2,
      Folders: { Folder: names('a', 'b') },
    });
  });

  test('is forgiven once it is synchronised, others are not', async () => {
    const { watch, news, answer, written } = watching({ strikes: { [f('a')]: 1, [f('b')]: 2 } });
    news.set('b', 'unsynced');
    await watch.look();
    expect(await answer({ kind: 'expired', folders: [] })).toEqual({ Status: 1 });
    expect(written).toMatchObject([{ strikes: { b: 2 } }]);
    expect(written[0]!.strikes).not.toHaveProperty('a');
    const all = watching({ strikes: { [f('a')]: 1 } });
    await all.watch.look();
    await all.answer({ kind: 'expired', folders: [] });
    expect(all.written[0]).not.toHaveProperty('strikes');
  });

  test('begins anew when it is synchronised while the Ping waits', async () => {
    const { watch, news, commit } = watching({ strikes: { [f('b')]: 1 } });
    news.set('b', 'unsynced');
    await watch.look();
    commit('b', 1);
    news.set('b', 'none');
    expect(await watch.look()).toEqual(nothing);
    commit('b');
    news.set('b', 'unsynced');
    // What was added before counts no more.
    expect(await watch.look()).toEqual(nothing);
  });
});

describe('the answer of a Ping', () => {
  test.each<[Outcome, PingResponse]>([
    [
      { kind: 'changes', folders: names('a') },
      { Status: 2, Folders: { Folder: names('a') } },
    ],
    [{ kind: 'expired', folders: [] }, { Status: 1 }],
    [
      { kind: 'expired', folders: names('b') },
      { Status: 2, Folders: { Folder: names('b') } },
    ],
    [{ kind: 'superseded' } as Outcome, { Status: 1 }],
    [{ kind: 'draining' } as Outcome, { Status: 1 }],
    [{ kind: 'failed' } as Outcome, { Status: 8 }],
    [{ kind: 'hierarchy' } as Outcome, { Status: 7 }],
  ])('to %j', async (outcome, expected) => {
    const { answer, written } = watching();
    expect(await answer(outcome)).toEqual(expected);
    expect(written).toEqual([]);
  });

  test('remembers the policy and the wipe that it told of', async () => {
    const { watch, answer, state, written } = watching();
    state.policyEpoch = 5;
    state.wipeEpoch = 6;
    await watch.look();
    await answer({ kind: 'hierarchy' } as Outcome);
    expect(written).toMatchObject([{ policyEpoch: 5, wipeEpoch: 6 }]);
  });

  test('counts a folder that is gone, unless the hierarchy is old anyway', async () => {
    const gone = async (upToDate: boolean) => {
      const { watch, news, world, answer, written } = watching();
      world.upToDate = upToDate;
      news.set('a', 'gone');
      await watch.look();
      expect(await answer({ kind: 'hierarchy' } as Outcome)).toEqual({ Status: 7 });
      return written.map(({ strikes }) => strikes);
    };
    expect(await gone(true)).toEqual([{ a: 1 }]);
    expect(await gone(false)).toEqual([]);
  });

  test('goes out although it cannot be remembered', async () => {
    const { watch, answer, state, warned } = watching({}, new StoreUnavailable('down'));
    state.policyEpoch = 5;
    await watch.look();
    expect(await answer({ kind: 'hierarchy' } as Outcome)).toEqual({ Status: 7 });
    expect(warned).toHaveLength(1);
  });
});
