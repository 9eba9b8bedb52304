import { describe, expect, test } from 'vitest';
import { NoRecipient, NotAllowed } from '../../../lib/delivery/deliver.ts';
import { QuotaExceeded } from '../../../lib/mailbox/quota.ts';
import { openPeopleWorld, type PeopleWorld } from '../../support/people-world.ts';
import { eachStore } from '../../support/stores.ts';

const TEAM = 'team@example.test';
const ALEX = 'alex@sender.test';

async function team(world: PeopleWorld, members: readonly string[] = [], senders?: 'members') {
  await world.person('kim@example.test');
  await world.person('lee@example.test');
  return await world.groups.create({
    ...{ address: TEAM, senders },
    members: ['kim@example.test', 'lee@example.test', ...members],
  });
}

eachStore((_open, kind) => {
  describe('mail to a group', () => {
    test('is in the Inbox of everybody, and with those elsewhere, once each', async () => {
      const world = await openPeopleWorld({ kind });
      await team(world, ['one@side.test', 'two@side.test']);
      const raw = world.letter(ALEX, TEAM);
      const envelope = { from: ALEX, arrival: 'live' } as const;
      expect(await world.delivery.deliver(TEAM, raw, envelope)).toMatchObject({ duplicate: false });
      // The same letter again, in two processes at once, and to a member by name.
      await Promise.all([
        world.delivery.deliver(TEAM, raw, envelope),
        world.process().delivery.deliver(TEAM, raw, envelope),
      ]);
      expect(await world.delivery.deliver('kim@example.test', raw, envelope)).toMatchObject({ duplicate: true });
      await world.outbound.poll();
      expect(await world.inbox('kim@example.test')).toEqual(['Hi']);
      expect(await world.inbox('lee@example.test')).toEqual(['Hi']);
      expect(world.relay.messages.map(({ to }) => to)).toEqual([['one@side.test', 'two@side.test']]);
    });

    test('with a full mailbox in it is with everybody else, and the sender is told in the end', async () => {
      const world = await openPeopleWorld({ kind });
      await team(world, ['one@side.test']);
      const kim = (await world.accounts.byAddress('kim@example.test'))!;
      await world.accounts.update(kim.id, { quota: { items: 0 } });
      const raw = world.letter(ALEX, TEAM);
      const send = () => world.delivery.deliver(TEAM, raw, { from: ALEX, arrival: 'live' });
      await expect(send()).rejects.toThrow(QuotaExceeded);
      await world.outbound.poll();
      expect(await world.inbox('lee@example.test')).toEqual(['Hi']);
      expect(world.relay.messages.map(({ to }) => to)).toEqual([['one@side.test']]);
      // There is room again, and the sender's server tries once more.
      await world.accounts.update(kim.id, { quota: {} });
      await send();
      await world.outbound.poll();
      expect(await world.inbox('kim@example.test')).toEqual(['Hi']);
      expect(await world.inbox('lee@example.test')).toEqual(['Hi']);
      expect(world.relay.messages).toHaveLength(1);
    });

    test('goes out for a member whose mailbox is on another server', async () => {
      const world = await openPeopleWorld({ kind });
      await team(world);
      const kim = (await world.accounts.byAddress('kim@example.test'))!;
      await world.accounts.update(kim.id, { home: 'https://west.example.test' });
      await world.send(ALEX, TEAM);
      await world.outbound.poll();
      expect(await world.inbox('kim@example.test')).toEqual([]);
      expect(await world.inbox('lee@example.test')).toEqual(['Hi']);
      expect(world.relay.messages.map(({ to }) => to)).toEqual([['kim@example.test']]);
    });

    test('that was delivered in part reaches the others with the next attempt', async () => {
      const world = await openPeopleWorld({ kind });
      await team(world, ['one@side.test']);
      const raw = world.letter(ALEX, TEAM);
      let transactions = 0;
      world.table.faults = {
        before: (operation) => {
          if (operation === 'transact' && ++transactions > 1) throw new Error('killed');
        },
      };
      await expect(world.delivery.deliver(TEAM, raw, { from: ALEX, arrival: 'live' })).rejects.toThrow('killed');
      world.table.faults = {};
      await world.delivery.deliver(TEAM, raw, { from: ALEX, arrival: 'live' });
      await world.outbound.poll();
      expect(await world.inbox('kim@example.test')).toEqual(['Hi']);
      expect(await world.inbox('lee@example.test')).toEqual(['Hi']);
      expect(world.relay.messages).toHaveLength(1);
    });
  });
});

describe('somebody whose mailbox is on another server', () => {
  test('is reached through the relay, by people here and by automatic replies', async () => {
    const world = await openPeopleWorld();
    const [kim, lee] = [await world.person('kim@example.test'), await world.person('lee@example.test')];
    await world.accounts.update(kim.id, { home: 'https://west.example.test' });
    expect(await world.outbound.route('kim@example.test', lee)).toBe('relay');
    expect(await world.outbound.route('ghost@example.test', lee)).toBeUndefined();
    await world.oof.set(lee.id, { state: 1, messages: { internal: { enabled: true, text: 'away', html: false } } });
    await world.send('kim@example.test', 'lee@example.test');
    await world.outbound.poll();
    expect(world.relay.messages.map(({ to }) => to)).toEqual([['kim@example.test']]);
  });

  test('is told of as moved where the message was on its way already', async () => {
    const world = await openPeopleWorld();
    const [kim, lee] = [await world.person('kim@example.test'), await world.person('lee@example.test')];
    await world.accounts.update(kim.id, { home: 'https://west.example.test' });
    const to = [{ address: 'kim@example.test', route: 'local' as const }];
    await world.outbound.submit(
      { mailbox: lee.id, from: lee.address, to },
      world.letter('lee@example.test', 'kim@example.test'),
    );
    await world.outbound.poll();
    const [bounce] = await world.folder('lee@example.test', 'inbox');
    expect(bounce!.content.messageClass).toBe('REPORT.IPM.NOTE.NDR');
    expect(bounce!.content.text.prefix).toContain('550 5.1.6 The mailbox has moved to another server');
  });
});

describe('a group', () => {
  test('for its members refuses others', async () => {
    const world = await openPeopleWorld();
    await team(world, [], 'members');
    expect(await world.delivery.accepts(TEAM, ALEX)).toBe('refused');
    expect(await world.delivery.accepts(TEAM, 'lee@example.test')).toBe('yes');
    expect(await world.delivery.accepts('ghost@example.test', ALEX)).toBe('unknown');
    await expect(world.send(ALEX, TEAM)).rejects.toThrow(NotAllowed);
    await world.send('lee@example.test', TEAM);
    expect(await world.inbox('kim@example.test')).toEqual(['Hi']);
  });

  test('takes no bounces: nobody of it could do anything about them', async () => {
    const world = await openPeopleWorld();
    await team(world);
    expect(await world.delivery.accepts(TEAM, '')).toBe('refused');
    await expect(world.send(ALEX, TEAM, [], '')).rejects.toThrow(NotAllowed);
  });

  test('of nobody takes no mail', async () => {
    const world = await openPeopleWorld();
    await world.groups.create({ address: TEAM });
    await expect(world.send(ALEX, TEAM)).rejects.toThrow(NoRecipient);
  });

  test('that gets its own mail back from elsewhere stops there', async () => {
    const world = await openPeopleWorld();
    await team(world, ['list@side.test']);
    await world.send(ALEX, TEAM);
    await world.outbound.poll();
    const { raw } = world.relay.messages[0]!;
    expect(raw).toMatch(/^Delivered-To: team@example.test\r\n/);
    const back = Buffer.from(`Received: from side.test\r\n${raw}`, 'latin1');
    await world.delivery.deliver(TEAM, back, { from: 'list@side.test', arrival: 'live' });
    await world.outbound.poll();
    expect(world.relay.messages).toHaveLength(1);
    expect(await world.inbox('kim@example.test')).toEqual(['Hi']);
  });

  test('elsewhere sends bounces to who wrote from here, and to nobody who did not', async () => {
    for (const [from, envelope, told] of [
      ['lee@example.test', 'lee@example.test', 1],
      [ALEX, TEAM, 0],
    ] as const) {
      const world = await openPeopleWorld();
      await team(world, ['gone@side.test']);
      world.relay.outcomes.set('gone@side.test', { kind: 'failed', status: '5.1.1', text: '550 no' });
      const sent: string[] = [];
      const { relay } = world;
      const send = relay.send.bind(relay);
      relay.send = (sender, to, raw) => {
        sent.push(sender);
        return send(sender, to, raw);
      };
      await world.send(from, TEAM);
      await world.outbound.poll();
      expect(sent).toEqual([envelope]);
      const inbox = await world.inbox('lee@example.test');
      expect(inbox.filter((subject) => subject.startsWith('Undeliverable'))).toHaveLength(told);
    }
  });

  test('is nobody to whom those who are away reply', async () => {
    const world = await openPeopleWorld();
    await team(world);
    const kim = (await world.accounts.byAddress('kim@example.test'))!;
    const unknown = { enabled: true, text: 'away', html: false };
    await world.oof.set(kim.id, { state: 1, messages: { unknown } });
    await world.send(ALEX, TEAM);
    expect(await world.queued()).toBe(0);
  });

  test('with a large letter keeps it in a blob until it is with those elsewhere', async () => {
    const world = await openPeopleWorld();
    const { id } = await team(world, ['one@side.test']);
    const raw = Buffer.concat([world.letter(ALEX, TEAM), Buffer.alloc(200_000, 'x\r\n')]);
    await world.delivery.deliver(TEAM, raw, { from: ALEX, arrival: 'live' });
    await world.outbound.poll();
    expect(world.relay.messages[0]!.raw).toHaveLength(raw.length + `Delivered-To: ${TEAM}\r\n`.length);
    const left: string[] = [];
    for await (const key of world.store.blobs.list(`${id}/`)) left.push(key);
    expect(left).toEqual([]);
  });
});
