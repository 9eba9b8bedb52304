/**
 * Phones on bad networks against one mailbox that changes under them. Whatever was lost, repeated or doubled: when all
 * is quiet each phone holds what the mailbox holds within its filter, and was never told what makes no sense.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { createMoveItems } from '../../lib/commands/move-items.ts';
import type { Item, Mailbox } from '../../lib/mailbox/types.ts';
import type { ItemId } from '../../lib/ops/ids.ts';
import { cutOff } from '../../lib/sync/filter.ts';
import type { Disasters } from './disasters.ts';
import { email, INBOX, TRASH } from './mailboxes.ts';
import { add, change, remove, TestPhone } from './sync-phone.ts';
import type { Sent, SyncWorld } from './sync-world.ts';

const DAY = 86_400_000;

export type Step =
  | { readonly do: 'deliver'; readonly days: number; readonly count: number }
  | { readonly do: 'flag' | 'edit' | 'remove' | 'moveOut'; readonly pick: number }
  | { readonly do: 'time'; readonly ms: number }
  | { readonly do: 'read' | 'delete' | 'write'; readonly phone: number; readonly pick: number }
  | {
      readonly do: 'sync';
      readonly phone: number;
      readonly fate: 'arrives' | 'lost' | 'doubled' | 'given up';
      readonly window: number | undefined;
      readonly changes: boolean;
    }
  | {
      readonly do: 'move';
      readonly phone: number;
      readonly pick: number;
      readonly way: 'out' | 'in';
      readonly fate: 'arrives' | 'lost';
    }
  | { readonly do: 'filter'; readonly phone: number; readonly type: number }
  | { readonly do: 'look' | 'restart'; readonly phone: number }
  /** The process that serves dies at one of the next operations of its store: before it, or when it is `done`. */
  | { readonly do: 'kill'; readonly after: number; readonly done: boolean }
  /** The mailbox as it is, and as it was. */
  | { readonly do: 'backUp' }
  | { readonly do: 'restore'; readonly whole: boolean }
  /** The server's clock is set: back as well. */
  | { readonly do: 'clock'; readonly ms: number };

const phone = fc.nat(1);
const pick = fc.nat(50);
const STEPS = [
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('deliver'), days: fc.nat(9), count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('flag', 'edit', 'remove', 'moveOut'), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('time'), ms: fc.constantFrom(1000, 3_600_000, DAY, 3 * DAY) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('read', 'delete', 'write'), phone, pick }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('sync'),
      phone,
      fate: fc.constantFrom('arrives', 'arrives', 'lost', 'doubled', 'given up'),
      window: fc.constantFrom(undefined, 1, 3),
      changes: fc.constantFrom(true, true, true, false),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('move'),
      phone,
      pick,
      way: fc.constantFrom('out', 'in'),
      fate: fc.constantFrom('arrives', 'lost'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('filter'), phone, type: fc.constantFrom(0, 1, 2, 3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('look'), phone }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart'), phone }) },
] as fc.WeightedArbitrary<Step>[];

export const step: fc.Arbitrary<Step> = fc.oneof(...STEPS);

/** With what becomes of servers. */
export const disaster: fc.Arbitrary<Step> = fc.oneof(
  ...STEPS,
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('kill'), after: fc.integer({ min: 1, max: 12 }), done: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('backUp') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restore'), whole: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('clock'), ms: fc.constantFrom(-7_200_000, -1000, 5000, DAY) }) },
) as fc.Arbitrary<Step>;

/** A phone with a user: changes made here are shown at once and sent until an answer confirms them. */
class UsedPhone {
  readonly phone: TestPhone;
  filterType = 0;
  /** By ServerId: the read state to send and what it was; or a deletion and what was deleted. */
  readonly reads = new Map<string, { to: boolean; was: boolean }>();
  readonly deletions = new Map<string, NonNullable<ReturnType<TestPhone['items']['get']>>>();
  /** By ClientId: the subject of what was written here. */
  readonly drafts = new Map<string, string>();
  /** What it moved here, by the ids from before. */
  readonly answered = new Set<string>();
  /** Every ClientId that was ever sent. */
  readonly written = new Set<string>();
  readonly #world: SyncWorld;
  readonly #conflict: number;
  /** Throws where the server died and no answer comes. */
  readonly #answered: () => void;

  constructor(world: SyncWorld, device: string, conflict: number, answered: () => void) {
    this.#world = world;
    this.#conflict = conflict;
    this.#answered = answered;
    this.phone = new TestPhone(world, device);
  }

  write(): void {
    const id = `${this.phone.device}-${this.written.size}`;
    this.written.add(id);
    this.drafts.set(id, `Draft ${id}`);
  }

  #pick(number: number): string | undefined {
    const ids = [...this.phone.items.keys()].filter((id) => !this.reads.has(id));
    return ids[number % Math.max(1, ids.length)];
  }

  toggle(number: number): void {
    const id = this.#pick(number);
    if (id === undefined) return;
    const item = this.phone.items.get(id)!;
    const to = !item.Read;
    this.reads.set(id, { to, was: item.Read! });
    this.phone.items.set(id, { ...item, Read: to });
  }

  delete(number: number): void {
    const id = this.#pick(number);
    if (id === undefined) return;
    this.deletions.set(id, this.phone.items.get(id)!);
    this.phone.items.delete(id);
  }

  /** Out of the inbox, or an item of the bin into it. Who gets no answer takes it that nothing happened. */
  async move(number: number, way: 'out' | 'in', fate: 'arrives' | 'lost'): Promise<void> {
    const { mailbox, states } = this.#world;
    const [from, to] = way === 'out' ? [INBOX, TRASH] : [TRASH, INBOX];
    const there = await mailbox.page(TRASH, { limit: 1000 });
    const found = there[number % Math.max(1, there.length)];
    const SrcMsgId = way === 'out' ? this.#pick(number) : found && `${TRASH}:${found.id}`;
    if (SrcMsgId === undefined) return;
    const request = { Move: [{ SrcMsgId, SrcFldId: from as string, DstFldId: [to as string] }] };
    const result = await createMoveItems(states).run(this.#world.context(this.phone.device), request);
    this.#answered();
    const answer = result.kind === 'document' ? result.document.Response?.[0] : undefined;
    if (fate === 'lost' || answer?.Status !== 3) return;
    if (way === 'out') this.phone.items.delete(SrcMsgId);
    else {
      this.phone.movedHere.add(answer.DstMsgId!);
      // A second answer to one move tells what the first told: what became of the item since, Sync has told.
      if (!this.answered.has(SrcMsgId)) {
        this.phone.items.set(answer.DstMsgId!, { Subject: found!.content.subject, Read: found!.content.read });
      }
      this.answered.add(SrcMsgId);
    }
  }

  /** The user undoes what was not confirmed yet; whether the server did it already, nobody here knows. */
  giveUp(): void {
    for (const [id, { was }] of this.reads) {
      const item = this.phone.items.get(id);
      if (item) this.phone.items.set(id, { ...item, Read: was });
    }
    for (const [id, item] of this.deletions) this.phone.items.set(id, item);
    this.reads.clear();
    this.deletions.clear();
    this.drafts.clear();
  }

  async sync(fate: 'arrives' | 'lost' | 'doubled' | 'given up', WindowSize?: number, changes = true): Promise<boolean> {
    const { key } = this.phone;
    const commands = [
      ...[...this.reads].map(([id, { to }]) => change(id, { Read: to })),
      ...[...this.deletions.keys()].map(remove),
      ...[...this.drafts].map(([id, Subject]) => add(id, { Subject })),
    ];
    const first = key === '0';
    const collection = {
      WindowSize,
      Options: [{ FilterType: this.filterType, Conflict: this.#conflict }],
      Commands: first || commands.length === 0 ? undefined : commands,
      GetChanges: first || changes ? undefined : false,
    };
    const once = () => this.phone.send(collection);
    if (fate === 'doubled') {
      const answers = await Promise.all([once(), this.phone.send(collection, {}, this.#world.another())]);
      this.#answered();
      const good = answers.filter((sent) => statusOf(sent) !== 16);
      expect(new Set(good.map(keyOf).filter(Boolean)).size, 'keys fork').toBeLessThanOrEqual(1);
      return this.#take(good.find((sent) => sent !== 'empty') ?? good[0] ?? 'empty', first);
    }
    const sent = await once();
    this.#answered();
    if (fate === 'given up') this.giveUp();
    if (fate !== 'arrives') return false;
    return this.#take(sent, first);
  }

  #take(sent: Sent, first: boolean): boolean {
    const status = statusOf(sent);
    if (!first && (status === 1 || status === undefined)) this.deletions.clear();
    const restarted = first || status === 3;
    if (restarted) this.deletions.clear();
    // What it wrote and nobody confirmed comes with the pages or was never made: nobody there knows the key any more.
    if (status === 3) this.drafts.clear();
    if (status !== 16) this.reads.clear();
    // The ids of what was written here come first: later commands of the same answer may name them.
    for (const response of (!restarted && collectionOf(sent)?.Responses) || []) {
      if (response.tag !== 'Add') continue;
      const { ClientId, ServerId } = response.value;
      this.phone.items.set(ServerId!, { Subject: this.drafts.get(ClientId), Read: true });
      this.drafts.delete(ClientId);
    }
    this.phone.take(sent);
    return sent !== 'empty';
  }
}

const collectionOf = (sent: Sent) =>
  sent !== 'empty' && !('kind' in sent) ? sent.Collections?.Collection[0] : undefined;
const statusOf = (sent: Sent) => collectionOf(sent)?.Status;
const keyOf = (sent: Sent) => collectionOf(sent)?.SyncKey;

async function inbox(mailbox: Mailbox): Promise<Map<string, Item>> {
  const items = await mailbox.page(INBOX, { limit: 1000 });
  return new Map(items.map((item) => [`${INBOX}:${item.id}`, item]));
}

/**
 * `calm` ends all misfortune; without it steps come one after another, with it two at once. With `disasters` a step may
 * end with the process that does it.
 */
export async function run(
  world: SyncWorld,
  steps: readonly Step[],
  { calm, disasters }: { readonly calm?: () => Promise<void>; readonly disasters?: Disasters } = {},
): Promise<void> {
  const answered = () => disasters?.answers();
  const phones = [new UsedPhone(world, 'phone1', 1, answered), new UsedPhone(world, 'phone2', 0, answered)];
  let delivered = 0;
  if (calm) await inPairs(steps, apply);
  else for (const one of steps) await (disasters ? disasters.survive(() => apply(one)) : apply(one));
  await calm?.();
  await disasters?.end();
  await quiesce(world, phones);

  async function apply(one: Step): Promise<void> {
    const { mailbox, clock } = world;
    switch (one.do) {
      case 'deliver': {
        const received = clock.now() - one.days * DAY;
        const mails = Array.from({ length: one.count }, () =>
          email(`m${delivered++}`, { received: received - delivered }),
        );
        await mailbox.append(INBOX, mails);
        return;
      }
      case 'time':
        return clock.advance(one.ms);
      case 'read':
        return phones[one.phone]!.toggle(one.pick);
      case 'delete':
        return phones[one.phone]!.delete(one.pick);
      case 'write':
        return phones[one.phone]!.write();
      case 'move':
        return phones[one.phone]!.move(one.pick, one.way, one.fate);
      case 'filter':
        phones[one.phone]!.filterType = one.type;
        return;
      case 'look': {
        await world.news.look(mailbox, phones[one.phone]!.phone.device, [INBOX]);
        return;
      }
      case 'restart':
        phones[one.phone]!.giveUp();
        phones[one.phone]!.phone.key = '0';
        return;
      case 'sync':
        await phones[one.phone]!.sync(one.fate, one.window, one.changes);
        return;
      case 'kill':
      case 'backUp':
      case 'restore':
      case 'clock':
        return disasters?.[one.do](one as never);
      default:
        return elsewhere(mailbox, one.do, one.pick);
    }
  }
}

const phoneOf = (one: Step | undefined) => (one && 'phone' in one ? one.phone : undefined);

/** Two steps at once, unless one phone would do both. What fails was lost: the phone tries again later. */
async function inPairs(steps: readonly Step[], apply: (one: Step) => Promise<void>): Promise<void> {
  const attempt = (one: Step) =>
    apply(one).catch((error: unknown) => {
      if (!(error instanceof Error && TROUBLE.has(error.name))) throw error;
    });
  for (let place = 0; place < steps.length; ) {
    const [one, other] = [steps[place]!, steps[place + 1]];
    const together = other !== undefined && (phoneOf(one) === undefined || phoneOf(one) !== phoneOf(other));
    await Promise.all(together ? [attempt(one), attempt(other)] : [attempt(one)]);
    place += together ? 2 : 1;
  }
}
const TROUBLE: ReadonlySet<string> = new Set(['StoreUnavailable', 'StoreConflict', 'OutcomeUnknown', 'NoItem']);

/** Somebody else changes the mailbox. */
async function elsewhere(mailbox: Mailbox, what: 'flag' | 'edit' | 'remove' | 'moveOut', pick: number): Promise<void> {
  const ids = [...(await inbox(mailbox)).values()].map(({ id }) => id);
  const id: ItemId | undefined = ids[pick % Math.max(1, ids.length)];
  if (id === undefined) return;
  if (what === 'remove') await mailbox.remove(INBOX, [id]);
  else if (what === 'moveOut') await mailbox.move(INBOX, id, TRASH);
  else {
    await mailbox.update(INBOX, id, ({ content }) =>
      what === 'flag'
        ? { kind: 'flags', content: { ...content, read: !content.read } }
        : { kind: 'change', content: { ...content, subject: `${content.subject}!` } },
    );
  }
}

async function quiesce(world: SyncWorld, phones: readonly UsedPhone[]): Promise<void> {
  for (const used of phones) {
    let rounds = 0;
    while (await used.sync('arrives')) expect(rounds++, 'the folder does not come to an end').toBeLessThan(200);
  }
  // What the second phone changed last is news to the first.
  for (const used of phones) while (await used.sync('arrives'));
  const held = await inbox(world.mailbox);
  const drafts = [...held.values()].map(({ content }) => content.subject.replace(/!+$/, ''));
  const mine = drafts.filter((subject) => subject.startsWith('Draft'));
  expect(new Set(mine).size, 'an Add was done twice').toBe(mine.length);
  for (const { phone, filterType } of phones) {
    const from = cutOff(filterType, world.clock.now());
    const expected = [...held].filter(([, { id }]) => id >= from);
    const shown = [...phone.items].map(([id, { Subject, Read }]) => [id, Subject, Read]);
    expect(shown.sort()).toEqual(expected.map(([id, { content }]) => [id, content.subject, content.read]).sort());
    expect(phone.complaints).toEqual([]);
    const news = await world.news.look(world.mailbox, phone.device, [INBOX]);
    expect(news.get(INBOX), 'a phone that has everything').toBe('none');
  }
}
