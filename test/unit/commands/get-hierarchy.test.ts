import { describe, expect, test } from 'vitest';
import { createGetHierarchy } from '../../../lib/commands/get-hierarchy.ts';
import { FolderType, ROOT } from '../../../lib/mailbox/types.ts';
import type { DeviceId, FolderId } from '../../../lib/ops/ids.ts';
import { openSyncWorld } from '../../support/sync-world.ts';

const command = createGetHierarchy();

async function hierarchy(world: Awaited<ReturnType<typeof openSyncWorld>>) {
  const result = await command.run(world.context('phone1' as DeviceId, { version: 121 }), undefined);
  if (result.kind !== 'document') throw new Error(`the answer is ${result.kind}`);
  return result.document.Folder;
}

describe('GetHierarchy', () => {
  test('lists the mail folders with their parents and types [MS-ASCMD R6024 R6025 R6026 R6927 R7388]', async () => {
    const world = await openSyncWorld();
    const { mailbox } = world;
    const [projects, crane, dates] = ['projects', 'crane', 'dates'] as FolderId[];
    await mailbox.createFolder({ id: projects, name: 'Projects', parent: ROOT, type: FolderType.UserMail });
    await mailbox.createFolder({ id: crane, name: 'Crane', parent: projects!, type: FolderType.UserMail });
    await mailbox.createFolder({ id: dates, name: 'Dates', parent: ROOT, type: FolderType.UserCalendar });
    const below = 'below' as FolderId;
    await mailbox.createFolder({ id: below, name: 'Minutes', parent: dates!, type: FolderType.UserMail });
    const told = await hierarchy(world);
    expect(told.find(({ DisplayName }) => DisplayName === 'Dates')).toBeUndefined();
    const place = (name: string) => told.find(({ DisplayName }) => DisplayName === name);
    expect(place('Inbox')).toEqual({ DisplayName: 'Inbox', ServerId: 'inbox', Type: 2, ParentId: '0' });
    expect(place('Projects')).toMatchObject({ Type: 1, ParentId: '0' });
    expect(place('Crane')).toMatchObject({ Type: 1, ParentId: projects });
    expect(place('Minutes')).toMatchObject({ Type: 1, ParentId: '0' });
    for (const { Type } of told) expect(Type).toBeLessThanOrEqual(6);
  });

  test('gives ids that do not change, by which FolderSync knows the folders as well [MS-ASCMD R7505 R7507 R6031]', async () => {
    const world = await openSyncWorld();
    const before = await hierarchy(world);
    expect(await hierarchy(world)).toEqual(before);
    const ids = (await world.mailbox.folders()).map(({ id }) => id);
    expect(before.map(({ ServerId }) => ServerId).every((id) => ids.includes(id as FolderId))).toBe(true);
    expect(before.map(({ Type }) => Type)).toEqual(expect.arrayContaining([2, 3, 4, 5]));
  });

  test('has no document that could say a status', () => {
    expect(() => command.failure(111)).toThrow(TypeError);
    expect(command.versions).toEqual({ until: 121 });
  });
});
