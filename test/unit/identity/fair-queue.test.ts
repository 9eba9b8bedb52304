import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  FairQueue,
  type FairQueueOptions,
  type Guard,
  type Place,
  type Ticket,
} from '../../../lib/identity/fair-queue.ts';
import { settle } from '../../support/fake-clock.ts';

const OPEN: Guard = {
  wait: () => 0,
  isSourceLocked: () => false,
  sourceMay: () => true,
  accountMay: () => true,
  isRegular: () => false,
  began() {},
};
const at = (source: string, account = 'a'): Place => ({ source, account });

/** A queue and what became of everybody who asked, by the names that they were given. */
function queueOf(options: Partial<FairQueueOptions> = {}, guard: Partial<Guard> = {}) {
  const queue = new FairQueue({ concurrency: 1, waiting: 100, ...options }, { ...OPEN, ...guard });
  const told: string[] = [];
  const tickets = new Map<string, Ticket>();
  const places = new Map<string, Place>();
  const end = async (name: string) => {
    queue.leave();
    queue.review(places.get(name)!);
    await settle();
  };
  return {
    queue,
    told,
    end,
    ask(name: string, place: Place) {
      const ticket = queue.ask(place);
      tickets.set(name, ticket);
      places.set(name, place);
      void ticket.turn.then((turn) => told.push(`${name} ${turn}`));
    },
    cancel: (name: string) => tickets.get(name)?.cancel(),
    /** Ends every turn as it comes, from the one given, until nobody waits. */
    async run(from = 0) {
      await settle();
      for (let at = from; at < told.length; at++) {
        const [name, turn] = told[at]!.split(' ') as [string, string];
        if (turn === 'go') await end(name);
      }
      return told;
    },
  };
}

describe('turns', () => {
  test('are given so many at once, and go by source, then by account, then by arrival', async () => {
    const { ask, run, told } = queueOf({ concurrency: 2 });
    for (const name of ['flood1', 'flood2', 'flood3', 'flood4']) ask(name, at('flood'));
    ask('flood-b', at('flood', 'b'));
    ask('one1', at('one'));
    ask('one2', at('one'));
    ask('two1', at('two'));
    await settle();
    expect(told).toEqual(['flood1 go', 'flood2 go']);
    expect((await run()).slice(2).map((line) => line.replace(' go', ''))).toEqual([
      ...['flood3', 'one1', 'two1'],
      ...['flood-b', 'one2'],
      'flood4',
    ]);
  });

  test('come to nobody who has left, and no sooner to those behind', async () => {
    const { ask, cancel, run, queue } = queueOf();
    ask('running', at('one'));
    for (const name of ['a', 'b', 'c']) ask(name, at(name));
    cancel('b');
    cancel('b');
    // Its turn has come: there is nothing to leave.
    cancel('running');
    expect(queue.waiting).toBe(2);
    expect(await run()).toEqual(['running go', 'b gone', 'a go', 'c go']);
    expect(queue.waiting).toBe(0);
  });

  test('go to regulars first, and every fourth to a stranger', async () => {
    const { ask, run } = queueOf({}, { isRegular: (source) => source === 'office' });
    ask('running', at('x'));
    for (let n = 0; n < 3; n++) ask(`stranger${n}`, at(`s${n}`));
    for (let n = 0; n < 6; n++) ask(`office${n}`, at('office'));
    const order = (await run()).map((line) => line.replace(/\d? go$/, ''));
    expect(order.slice(1, 9)).toEqual([
      ...['office', 'office', 'stranger'],
      ...['office', 'office', 'office', 'stranger', 'office'],
    ]);
    expect(order).toHaveLength(10);
  });

  test('come sooner to a source as soon as one of it was right', async () => {
    const regulars = new Set<string>();
    const { ask, run, end } = queueOf({}, { isRegular: (source) => regulars.has(source) });
    ask('office0', at('office'));
    ask('stranger1', at('s1'));
    ask('stranger2', at('s2'));
    ask('office1', at('office'));
    ask('office2', at('office'));
    await settle();
    regulars.add('office');
    await end('office0');
    expect((await run(1)).slice(1, 3)).toEqual(['office1 go', 'office2 go']);
  });

  test('wait for one of their own source to end, and hold nobody else up meanwhile', async () => {
    let free = false;
    const { ask, end, told } = queueOf({ concurrency: 2 }, { sourceMay: (source) => free || source !== 'held' });
    ask('held', at('held'));
    ask('running', at('x'));
    ask('other', at('y'));
    await settle();
    expect(told).toEqual(['running go', 'other go']);
    free = true;
    await end('running');
    expect(told[2]).toBe('held go');
  });

  test('wait for one of their own account to end, and hold nobody else of the source up', async () => {
    const { ask, told } = queueOf({ concurrency: 2 }, { accountMay: ({ account }) => account !== 'held' });
    ask('held', at('x', 'held'));
    ask('free', at('x', 'free'));
    await settle();
    expect(told).toEqual(['free go']);
  });

  test('are refused to all of a source, or all of an account, that is locked, and to who comes later', async () => {
    const locked = new Set<string>();
    const guard: Partial<Guard> = {
      isSourceLocked: (source) => locked.has(source),
      wait: ({ source, account }) => (locked.has(source) || locked.has(`${source}/${account}`) ? 5 : 0),
    };
    const { ask, end, told } = queueOf({}, guard);
    ask('running', at('bad'));
    for (const name of ['bad1', 'bad2']) ask(name, at('bad', name));
    ask('half-a1', at('half', 'a'));
    ask('half-b', at('half', 'b'));
    ask('half-a2', at('half', 'a'));
    await settle();
    locked.add('bad');
    await end('running');
    expect(told).toEqual(['running go', 'bad1 locked', 'bad2 locked', 'half-a1 go']);
    locked.add('half/a');
    ask('late', at('half', 'a'));
    await end('half-a1');
    expect(told.slice(4)).toEqual(['late locked', 'half-a2 locked', 'half-b go']);
  });
});

describe('a queue that is full', () => {
  test('refuses who has the longest line already', async () => {
    const { ask, told } = queueOf({ waiting: 2 });
    for (let n = 0; n < 5; n++) ask(`flood${n}`, at('flood'));
    await settle();
    expect(told.sort()).toEqual(['flood0 go', 'flood3 full', 'flood4 full']);
  });

  test('sends the last of the longest line away for somebody else', async () => {
    const { ask, told, queue } = queueOf({ waiting: 3 });
    for (let n = 0; n < 4; n++) ask(`flood${n}`, at('flood', n === 1 ? 'b' : 'a'));
    ask('other', at('other'));
    await settle();
    expect(told).toEqual(['flood0 go', 'flood3 full']);
    expect(queue.waiting).toBe(3);
    // Both lines would be as long as before, the other way round.
    ask('other2', at('other'));
    await settle();
    expect(told.slice(2)).toEqual(['other2 full']);
  });

  test('has room for a regular as long as a stranger waits', async () => {
    const { ask, told } = queueOf({ waiting: 2 }, { isRegular: (source) => source === 'office' });
    ask('running', at('x'));
    ask('s1', at('s1'));
    ask('s2', at('s2'));
    ask('s3', at('s3'));
    ask('office1', at('office'));
    ask('office2', at('office'));
    ask('office3', at('office'));
    await settle();
    expect(told.sort()).toEqual(['office3 full', 'running go', 's1 full', 's2 full', 's3 full']);
  });

  test.each([
    { concurrency: 0 },
    { concurrency: Number.NaN },
    { concurrency: 1.5 },
    { waiting: -1 },
    { waiting: Number.NaN },
    { waiting: Number.POSITIVE_INFINITY },
  ])('%j is refused', (options) => {
    expect(() => queueOf(options)).toThrow(RangeError);
  });
});

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('ask' as const), source: fc.nat(4), account: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), nth: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), nth: fc.nat() }) },
);
const steps = fc.array(step, { maxLength: 200 });
const concurrency = fc.integer({ min: 1, max: 3 });

/** Who sees how many turns of each other while it waits. */
class Rounds {
  readonly #seen = new Map<string, Set<string>>();

  /** `key` has a turn, and these wait. */
  turn(key: string, waiting: ReadonlySet<string>): void {
    for (const each of [...this.#seen.keys()]) if (each === key || !waiting.has(each)) this.#seen.delete(each);
    for (const each of waiting) {
      if (each === key) continue;
      const turns = this.#seen.get(each) ?? new Set();
      expect(turns).not.toContain(key);
      this.#seen.set(each, turns.add(key));
    }
  }
}

describe('however they come and go', () => {
  test('whoever waits sees one turn of each other source at most, and of each account of its own', () => {
    fc.assert(
      fc.property(steps, concurrency, (all, concurrency) => {
        const waiting: { readonly place: Place; readonly ticket: Ticket }[] = [];
        const running: Place[] = [];
        const [sources, accounts] = [new Rounds(), new Rounds()];
        const began = ({ source, account }: Place) => {
          running.push({ source, account });
          const first = waiting.findIndex(({ place }) => place.source === source && place.account === account);
          if (first >= 0) waiting.splice(first, 1);
          sources.turn(source, new Set(waiting.map(({ place }) => place.source)));
          const own = waiting.filter(({ place }) => place.source === source);
          accounts.turn(`${source}/${account}`, new Set(own.map(({ place }) => `${source}/${place.account}`)));
        };
        const queue = new FairQueue({ concurrency, waiting: 1000 }, { ...OPEN, began });
        for (const each of all) {
          if (each.do === 'ask') {
            const place = at(`${each.source}`, `${each.account}`);
            const ticket = queue.ask(place);
            if (queue.waiting > waiting.length) waiting.push({ place, ticket });
          } else if (each.do === 'end' && running.length > 0) {
            const [place] = running.splice(each.nth % running.length, 1);
            queue.leave();
            queue.review(place!);
          } else if (each.do === 'cancel' && waiting.length > 0) {
            const [left] = waiting.splice(each.nth % waiting.length, 1);
            left!.ticket.cancel();
          }
          expect(queue.waiting).toBe(waiting.length);
          expect(running.length).toBeLessThanOrEqual(concurrency);
          // No turn is kept from who waits.
          expect(waiting.length > 0 && running.length < concurrency).toBe(false);
        }
      }),
    );
  });

  test('no more wait than may, and everybody is told', async () => {
    await fc.assert(
      fc.asyncProperty(steps, concurrency, fc.nat(8), async (all, concurrency, room) => {
        const tickets: Ticket[] = [];
        const running: Place[] = [];
        const guard = {
          ...OPEN,
          isRegular: (source: string) => source === '0',
          began: (at: Place) => void running.push(at),
        };
        const queue = new FairQueue({ concurrency, waiting: room }, guard);
        const end = (nth: number) => {
          const [place] = running.splice(nth % running.length, 1);
          queue.leave();
          queue.review(place!);
        };
        for (const each of all) {
          if (each.do === 'ask') tickets.push(queue.ask(at(`${each.source}`, `${each.account}`)));
          else if (each.do === 'end' && running.length > 0) end(each.nth);
          else if (each.do === 'cancel' && tickets.length > 0) tickets[each.nth % tickets.length]!.cancel();
          expect(queue.waiting).toBeLessThanOrEqual(room);
        }
        while (running.length > 0) end(0);
        expect(queue.waiting).toBe(0);
        const turns = await Promise.all(tickets.map(({ turn }) => turn));
        expect(turns).not.toContain('locked');
        if (all.filter(({ do: what }) => what === 'ask').length <= room) expect(turns).not.toContain('full');
      }),
    );
  });
});
