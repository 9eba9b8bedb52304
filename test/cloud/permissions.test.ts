/** Every process against endpoints that grant it what its role is granted in the template, and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SettingsRequest, SettingsResponse } from '../../lib/documents/settings.ts';
import { createAccessControl } from '../../lib/identity/access-rules.ts';
import { createDevices } from '../../lib/identity/devices.ts';
import { TableMailboxes } from '../../lib/mailbox/mailboxes.ts';
import { systemClock } from '../../lib/ops/clock.ts';
import { missing } from '../support/servers/dynamodb.ts';
import { s3Missing } from '../support/servers/s3.ts';
import { ADDRESS, until } from './support/cloud.ts';
import { type Act, isAllowed, objectAct, tableActs } from './support/guard.ts';
import { told, World } from './support/world.ts';

const missingParts = (missing('dynoxide') ?? s3Missing()) !== undefined;

describe('the guard', () => {
  const statements = [
    { actions: ['dynamodb:GetItem', 'dynamodb:Query'], resources: 'DataDirectory1234' },
    {
      actions: ['dynamodb:UpdateItem'],
      resources: 'DataDirectory1234',
      conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['A#*'] } },
    },
  ];
  it.each<[string, string, Act, boolean]>([
    ['what is granted', 'DataDirectory', { action: 'dynamodb:GetItem', on: 't' }, true],
    ['another action', 'DataDirectory', { action: 'dynamodb:PutItem', on: 't', partition: 'A#1' }, false],
    ['another table', 'DataDevices', { action: 'dynamodb:GetItem', on: 't' }, false],
    [
      'a partition that is granted',
      'DataDirectory',
      { action: 'dynamodb:UpdateItem', on: 't', partition: 'A#1' },
      true,
    ],
    ['another partition', 'DataDirectory', { action: 'dynamodb:UpdateItem', on: 't', partition: 'BA#1' }, false],
  ])('%s', (_, resource, act, allowed) => {
    expect(isAllowed(statements, resource, act)).toBe(allowed);
  });

  it('sees what is in transactions and batches', () => {
    const TransactItems = [
      { Put: { TableName: 'a', Item: { pk: { S: '1' } } } },
      { ConditionCheck: { TableName: 'b', Key: { pk: { S: '2' } } } },
    ];
    expect(tableActs('DynamoDB_20120810.TransactWriteItems', JSON.stringify({ TransactItems }))).toEqual([
      { action: 'dynamodb:PutItem', on: 'a', partition: '1' },
      { action: 'dynamodb:ConditionCheckItem', on: 'b', partition: '2' },
    ]);
    const RequestItems = { a: {}, b: {} };
    expect(tableActs('DynamoDB_20120810.BatchGetItem', JSON.stringify({ RequestItems }))).toMatchObject([
      { action: 'dynamodb:BatchGetItem', on: 'a' },
      { action: 'dynamodb:BatchGetItem', on: 'b' },
    ]);
  });

  it.each([
    ['PUT', '/blobs/a/b?x-id=PutObject', 's3:PutObject'],
    ['HEAD', '/blobs/a', 's3:GetObject'],
    ['DELETE', '/blobs/a', 's3:DeleteObject'],
    ['POST', '/blobs?delete', 's3:DeleteObject'],
    ['GET', '/blobs?list-type=2', 's3:ListBucket'],
  ])('%s %s is %s', (method, url, action) => {
    expect(objectAct({ method, url })).toEqual({ action, on: 'blobs' });
  });
});

describe.skipIf(missingParts)('every process does its work with the rights of the template', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  }, 120_000);
  afterAll(() => world?.stop());

  it('takes in, wakes, holds, answers, and finds the server', async () => {
    const { cloud, phone } = world;
    const waiting = world.ping();
    await world.held(1);
    await world.delivered(ADDRESS, 'large', 'x'.repeat(100_000));
    const { status, document } = await waiting;
    expect([status, document]).toEqual(told(phone));
    expect(await world.arrivals()).toHaveLength(1);
    const request: SettingsRequest = { Oof: { Get: { BodyType: 'Text' } } };
    await phone.client.command('Settings', SettingsRequest, request, SettingsResponse);
    await phone.client.discover();
    await fetch(`${cloud.balancer.url}/autodiscover/autodiscover.json?Email=${ADDRESS}&Protocol=ActiveSync`);
    const lanes = ['provision', 'commands', 'sync', 'holder', 'autodiscover'];
    expect(new Set(cloud.balancer.lanes)).toEqual(new Set(lanes));
    expect(cloud.denied).toEqual([]);
  }, 60_000);

  it('tells the owner of a device whose first command is Provision and which is not let in', async () => {
    const { cloud, mailbox } = world;
    const { store, accounts } = cloud;
    const mailboxes = new TableMailboxes({ ...store, clock: systemClock });
    const devices = createDevices({ table: store.table, clock: systemClock, directory: accounts, mailboxes });
    const access = createAccessControl({ table: store.table, clock: systemClock, directory: accounts, devices });
    await access.add({ action: 'quarantine', match: { type: 'Stranger' } }, { kind: 'account', account: mailbox });
    const waiting = world.ping();
    await world.held(1);
    const stranger = cloud.phone('stranger', { deviceType: 'Stranger' });
    await stranger.provision();
    expect(cloud.balancer.lanes.at(-1)).toBe('provision');
    await Promise.race([waiting, until(() => cloud.denied.length > 0, 20_000)]);
    expect(cloud.denied).toEqual([]);
    expect(await world.arrivals()).toEqual(['A device waits for approval']);
  }, 60_000);
});
