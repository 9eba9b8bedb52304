/** What becomes of changes of the hierarchy that meet others, and of keys that mean something else by now. */
import { describe, expect, test } from 'vitest';
import { changeHierarchy, type FolderChange } from '../../../lib/commands/folder-change.ts';
import { RACES } from '../../../lib/commands/folder-status.ts';
import { createFolderSync } from '../../../lib/commands/folder-sync.ts';
import { FolderExists, FolderType, ROOT } from '../../../lib/mailbox/types.ts';
import type { DeviceId } from '../../../lib/ops/ids.ts';
import { type CommandContext, ProtocolFailure } from '../../../lib/protocol/command.ts';
import { ConditionFailed } from '../../../lib/store/ports.ts';
import { keys } from '../../../lib/store/schema.ts';
import { HierarchyStates } from '../../../lib/sync/hierarchy-states.ts';
import { type FolderWorld, openFolderWorld } from '../../support/folder-world.ts';
import { ALICE } from '../../support/mailboxes.ts';

const make = ({ mailbox }: FolderWorld, name: string) =>
  mailbox.createFolder({ name, parent: ROOT, type: FolderType.UserMail });

async function synced() {
  const world = await openFolderWorld();
  const [a, b] = [await make(world, 'A'), await make(world, 'B')];
  const phone = world.phone();
  await phone.sync();
  return { world, phone, a, b };
}
const generationOf = (key: string | undefined) => key!.split('.')[0];
const restore = (world: FolderWorld) =>
  world.table.transact([{ op: 'update', key: keys.state(ALICE), set: { incarnation: 'another' } }]);

describe('a change under the key before', () => {
  test('is a repetition only where it is the same change', async () => {
    const { world, phone, a, b } = await synced();
    const one = await phone.delete(a.id);
    expect((await phone.delete(b.id)).SyncKey).not.toBe(one.SyncKey);
    expect(await world.mailbox.folder(b.id)).toBeUndefined();
  });

  test('renames again where it is another name', async () => {
    const { world, phone, a } = await synced();
    await phone.update({ ServerId: a.id, DisplayName: 'A1' });
    await phone.update({ ServerId: a.id, DisplayName: 'A2' });
    expect(await world.mailbox.folder(a.id)).toMatchObject({ name: 'A2' });
  });

  test('is for a mailbox that was not restored since', async () => {
    const { world, phone } = await synced();
    await restore(world);
    expect(await phone.create()).toEqual({ Status: 9 });
  });
});

describe('a change that others are faster than', () => {
  /** A device whose state is read again and again, each time as another request left it. */
  async function change(make: FolderChange['make'], revs: readonly (string | undefined)[]) {
    const { world, phone } = await synced();
    const stored = (await world.states.load(ALICE, phone.id))!;
    let looks = 0;
    const states = new HierarchyStates(world.table, world.mailboxes);
    states.load = async () => {
      const rev = revs[Math.min(looks++, revs.length - 1)];
      return rev === undefined ? undefined : { ...stored, rev };
    };
    const context = { mailbox: world.mailbox, device: { id: phone.id } } as CommandContext;
    const answer = changeHierarchy(states, context, { key: phone.key, words: ['x'], fixed: 3, make });
    return { answer: await answer.catch((error: unknown) => error), looks };
  }
  const failing = (error: Error) => () => Promise.reject(error);

  test('is given up in the end, and may be sent again', async () => {
    const { answer, looks } = await change(failing(new ConditionFailed([0])), ['r']);
    expect(answer).toBeInstanceOf(ProtocolFailure);
    expect(answer).toMatchObject({ status: 111 });
    expect(looks).toBe(RACES);
  });

  test('is refused for what stands in its way, unless a faster request put it there', async () => {
    expect((await change(failing(new FolderExists()), ['r'])).answer).toEqual({ Status: 2 });
    const overtaken = await change(failing(new FolderExists()), ['r', 's', 's', 's']);
    expect(overtaken).toMatchObject({ answer: { Status: 2 }, looks: 4 });
    // The partnership ended meanwhile.
    expect((await change(failing(new FolderExists()), ['r', undefined])).answer).toEqual({ Status: 9 });
  });

  test('fails where there is a bug', async () => {
    expect((await change(failing(new TypeError('bug')), ['r'])).answer).toBeInstanceOf(TypeError);
  });
});

describe('FolderSync', () => {
  test('under key 0 gives a key again that nothing followed, and another one after anything else', async () => {
    const { world, phone } = await synced();
    const first = generationOf(phone.key);
    expect(generationOf((await phone.ask('0')).SyncKey)).toBe(first);
    await make(world, 'C');
    await phone.sync();
    const second = await phone.ask('0');
    expect(generationOf(second.SyncKey)).not.toBe(first);
    await restore(world);
    expect(generationOf((await phone.ask('0')).SyncKey)).not.toBe(generationOf(second.SyncKey));
  });

  test('under key 0 gives another key where folders changed since', async () => {
    const { world, phone } = await synced();
    await make(world, 'C');
    expect(generationOf((await phone.ask('0')).SyncKey)).not.toBe(generationOf(phone.key));
  });

  test('tells what came and went at once, with another key', async () => {
    const { world, phone, a, b } = await synced();
    await make(world, 'C');
    await world.mailbox.deleteFolder(a.id);
    const first = phone.key;
    const Changes = { Count: 2, Add: [{ DisplayName: 'C' }], Delete: [{ ServerId: a.id }] };
    expect((await phone.sync()).Changes).toMatchObject(Changes);
    const second = phone.key;
    expect(second).not.toBe(first);
    await make(world, 'D');
    await world.mailbox.changeFolder(b.id, { name: 'B2', parent: ROOT });
    expect((await phone.sync()).Changes).toMatchObject({ Count: 2 });
    expect(phone.key).not.toBe(second);
  });

  test('with the key before gives a new one, also where there is nothing to tell', async () => {
    const { world, phone } = await synced();
    const lost = await phone.create();
    await world.mailbox.deleteFolder(lost.ServerId as never);
    const answer = await phone.sync();
    expect(answer.Changes).toEqual({ Count: 0 });
    // The lost answer may still arrive, and its key must not be taken for one that knows of the deletion.
    expect(answer.SyncKey).not.toBe(lost.SyncKey);
  });

  test('passes over the device’s own changes once', async () => {
    const { world, phone } = await synced();
    phone.key = (await phone.create()).SyncKey!;
    await phone.sync();
    const { hierarchy } = await world.mailbox.state();
    expect((await world.states.load(ALICE, phone.id))!.state.last).toMatchObject({ to: hierarchy, own: [] });
  });

  test('that others are always faster than is given up, and may be sent again', async () => {
    const world = await openFolderWorld();
    let tries = 0;
    const states = new HierarchyStates(world.table, world.mailboxes);
    states.save = async () => tries++ < 0;
    const command = createFolderSync({ states, reinitialize: () => ({}) });
    const device = { id: 'phone' as DeviceId };
    const context = { mailbox: world.mailbox, device, version: 141 } as CommandContext;
    await expect(command.run(context, { SyncKey: '0' })).rejects.toMatchObject({ status: 111 });
    expect(tries).toBe(RACES);
  });
});
