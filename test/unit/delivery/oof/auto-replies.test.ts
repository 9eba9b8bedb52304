import { describe, expect, test } from 'vitest';
import type { Audience } from '../../../../lib/delivery/oof/settings.ts';
import { openPeopleWorld, type PeopleWorld } from '../../../support/people-world.ts';
import { eachStore } from '../../../support/stores.ts';

const KIM = 'kim@example.test';
const ALEX = 'alex@sender.test';
const SAID: Readonly<Record<Audience, string>> = { internal: 'to us', known: 'to friends', unknown: 'to all' };

/** Kim is away, and has a text for everybody. */
async function away(world: PeopleWorld, change: Parameters<PeopleWorld['oof']['set']>[1] = { state: 1 }) {
  const kim = await world.person(KIM, 'Kim');
  const messages = Object.fromEntries(
    Object.entries(SAID).map(([audience, text]) => [audience, { enabled: true, text, html: false }]),
  );
  await world.oof.set(kim.id, { messages, ...change });
  return kim;
}
/** What went out over the relay: to whom, and which of the texts. */
const relayed = ({ relay }: PeopleWorld) =>
  relay.messages.map(({ to, raw }) => [
    to.join(),
    Object.values(SAID).find((text) => raw.includes(Buffer.from(text).toString('base64'))),
  ]);

eachStore((_open, kind) => {
  describe('a reply', () => {
    test('is sent once for an absence, however many letters come', async () => {
      const world = await openPeopleWorld({ kind });
      await away(world);
      for (let n = 0; n < 3; n++) await world.send(ALEX, KIM);
      await world.outbound.poll();
      expect(relayed(world)).toEqual([[ALEX, 'to all']]);
      expect(await world.inbox(KIM)).toHaveLength(3);
      expect(world.relay.messages[0]!.from).toBe('');
    });

    test('is sent once where letters of one sender are delivered at the same time', async () => {
      const world = await openPeopleWorld({ kind });
      await away(world);
      const processes = [world, world.process(), world.process()];
      await Promise.all(
        processes.flatMap(({ delivery }) =>
          [1, 2].map(() => delivery.deliver(KIM, world.letter(ALEX, KIM), { from: ALEX, arrival: 'live' })),
        ),
      );
      await Promise.all(processes.map(({ outbound }) => outbound.poll()));
      expect(relayed(world)).toEqual([[ALEX, 'to all']]);
      expect(await world.inbox(KIM)).toHaveLength(6);
    });

    test('is on its way when the letter is, though the process ends there; the next one sends it', async () => {
      const world = await openPeopleWorld({ kind });
      await away(world);
      const raw = world.letter(ALEX, KIM);
      let died = false;
      world.table.faults = {
        write: (writes) => {
          if (died || writes.length < 5) return undefined;
          died = true;
          return 'lost';
        },
      };
      await world.delivery.deliver(KIM, raw, { from: ALEX, arrival: 'live' });
      expect(died).toBe(true);
      // The sending server heard nothing and tries again, at another process.
      const later = world.process();
      expect(await later.delivery.deliver(KIM, raw, { from: ALEX, arrival: 'live' })).toMatchObject({
        duplicate: true,
      });
      await later.outbound.poll();
      expect(relayed(world)).toEqual([[ALEX, 'to all']]);
      expect(await world.queued()).toBe(0);
    });

    test('is not sent where the letter was not taken in', async () => {
      const world = await openPeopleWorld({ kind });
      await away(world);
      const dies = () => Promise.reject(new Error('killed'));
      world.table.faults = { before: (operation) => (operation === 'transact' ? dies() : undefined) };
      await expect(world.send(ALEX, KIM)).rejects.toThrow('killed');
      world.table.faults = {};
      await world.outbound.poll();
      expect(relayed(world)).toEqual([]);
      await world.send(ALEX, KIM);
      await world.outbound.poll();
      expect(relayed(world)).toEqual([[ALEX, 'to all']]);
    });
  });
});

describe('who hears what', () => {
  test('a colleague what is for us, a friend what is for friends, others what is for all [MS-ASCMD R783 R785 R793 R794 R802 R803 R5866 R5867]', async () => {
    const world = await openPeopleWorld();
    const kim = await away(world);
    await world.person('lee@example.test');
    await world.correspondents.note(kim.id, ['Friend@Sender.test']);
    await world.send('lee@example.test', KIM);
    await world.send('friend@sender.test', KIM);
    await world.send(ALEX, KIM);
    await world.outbound.poll();
    expect(relayed(world).sort()).toEqual([
      [ALEX, 'to all'],
      ['friend@sender.test', 'to friends'],
    ]);
    const [reply] = await world.folder('lee@example.test', 'inbox');
    expect(reply!.content).toMatchObject({ subject: 'Automatic reply: Hi', text: { prefix: 'to us' } });
  });

  test('nothing where it is not enabled, or empty [MS-ASCMD R2251 R2252]', async () => {
    const world = await openPeopleWorld();
    const kim = await away(world);
    await world.oof.set(kim.id, { messages: { unknown: { enabled: false, text: 'to all', html: false } } });
    await world.send(ALEX, KIM);
    await world.oof.set(kim.id, { messages: { unknown: { enabled: true, text: ' \n', html: false } } });
    await world.send('other@sender.test', KIM);
    await world.outbound.poll();
    expect(relayed(world)).toEqual([]);
  });

  test('somebody of another domain of this server is a stranger, unless all domains are one organisation', async () => {
    for (const oneOrganisation of [false, true]) {
      const world = await openPeopleWorld({ replies: { oneOrganisation } });
      await away(world);
      await world.person('lee@elsewhere.test');
      await world.send('lee@elsewhere.test', KIM);
      await world.outbound.poll();
      const [reply] = await world.folder('lee@elsewhere.test', 'inbox');
      expect(reply!.content.text.prefix).toBe(oneOrganisation ? 'to us' : 'to all');
    }
  });

  test('nobody elsewhere where there is no way out, and no unknown name of an own domain', async () => {
    const alone = await openPeopleWorld({ replies: { relay: false } });
    await away(alone);
    await alone.send(ALEX, KIM);
    expect(await alone.queued()).toBe(0);
    const world = await openPeopleWorld();
    await away(world);
    await world.send('ghost@example.test', KIM);
    expect(await world.queued()).toBe(0);
  });

  test('whoever was written to is a friend from then on; an automatic reply makes no friends', async () => {
    const world = await openPeopleWorld();
    const kim = await away(world);
    await world.send(ALEX, KIM);
    await world.outbound.poll();
    expect(await world.correspondents.has(kim.id, ALEX)).toBe(false);
    const to = [{ address: 'New@Sender.test', route: 'relay' as const }];
    await world.outbound.submit({ mailbox: kim.id, from: KIM, to }, world.letter(KIM, 'New@Sender.test'));
    await world.outbound.poll();
    expect(await world.correspondents.has(kim.id, 'new@sender.test')).toBe(true);
    world.relay.outcomes.set('bad@sender.test', { kind: 'failed', status: '5.1.1', text: '550 no' });
    await world.outbound.submit(
      { mailbox: kim.id, from: KIM, to: [{ address: 'bad@sender.test', route: 'relay' }] },
      world.letter(KIM, 'bad@sender.test'),
    );
    await world.outbound.poll();
    expect(await world.correspondents.has(kim.id, 'bad@sender.test')).toBe(false);
  });
});

describe('when', () => {
  test('an absence has times, only between them [MS-ASCMD R3530]', async () => {
    const world = await openPeopleWorld();
    const now = world.clock.now();
    await away(world, { state: 2, start: now + 1000, end: now + 2000 });
    await world.send('early@sender.test', KIM);
    await world.clock.advance(1000);
    await world.send('between@sender.test', KIM);
    await world.clock.advance(1000);
    await world.send('late@sender.test', KIM);
    await world.outbound.poll();
    expect(relayed(world)).toEqual([['between@sender.test', 'to all']]);
  });

  test('a new absence begins, everybody is told again', async () => {
    const world = await openPeopleWorld();
    const kim = await away(world);
    await world.send(ALEX, KIM);
    await world.oof.set(kim.id, { state: 0 });
    await world.send(ALEX, KIM);
    await world.oof.set(kim.id, { state: 1 });
    await world.send(ALEX, KIM);
    await world.outbound.poll();
    expect(relayed(world)).toEqual([
      [ALEX, 'to all'],
      [ALEX, 'to all'],
    ]);
  });

  test('two who are away write to each other, each hears once', async () => {
    const world = await openPeopleWorld();
    const kim = await away(world);
    const lee = await world.person('lee@example.test');
    await world.oof.set(lee.id, { state: 1, messages: (await world.oof.get(kim.id)).messages });
    await world.send('lee@example.test', KIM);
    for (let n = 0; n < 5; n++) await world.outbound.poll();
    expect(await world.inbox('lee@example.test')).toEqual(['Automatic reply: Hi']);
    expect(await world.inbox(KIM)).toEqual(['Hi']);
  });

  test('a reply that nobody takes ends there: no bounce', async () => {
    const world = await openPeopleWorld();
    await away(world);
    world.relay.outcomes.set(ALEX, { kind: 'failed', status: '5.1.1', text: '550 no' });
    await world.send(ALEX, KIM);
    await world.outbound.poll();
    expect(await world.queued()).toBe(0);
    expect(await world.inbox(KIM)).toEqual(['Hi']);
  });
});
