import { describe, expect, test } from 'vitest';
import type { ProvisionRequest } from '../../../lib/documents/provision.ts';
import type { ProtocolVersion } from '../../../lib/protocol/versions.ts';
import { ALL_VERSIONS, failureOf, Phone, phone, WBXML_POLICY } from './phone.ts';

/** A device that synchronises, and somebody who has it wiped. */
async function ordered(kind: 'device' | 'account', version: ProtocolVersion = 161): Promise<Phone> {
  const ada = await phone(version);
  await ada.comply();
  await ada.world.devices.orderWipe(ada.account.id, ada.id, kind);
  return ada;
}
const directive = { device: { RemoteWipe: true }, account: { AccountOnlyRemoteWipe: true } } as const;
const report = (kind: 'device' | 'account', Status: number): ProvisionRequest =>
  kind === 'device' ? { RemoteWipe: { Status } } : { AccountOnlyRemoteWipe: { Status } };

const CASES = [...ALL_VERSIONS.map((version) => ['device', version] as const), ['account', 161] as const];

describe.each(CASES)('a wipe of the %s, in version %i,', (kind, version) => {
  test('is met by every command, ordered by Provision, reported, and ends the partnership [MS-ASPROV R653 R663 R664 R1047 R66601 R66602 R66609 R66612 R66613 R758]', async () => {
    const ada = await ordered(kind, version);
    expect(await ada.refusal()).toBe(140);
    ada.policyKey = '0';
    expect(await ada.provision(undefined)).toEqual({ Status: 1, ...directive[kind] });
    expect((await ada.device()).wipe).toMatchObject({ kind, state: 'sent' });
    expect(await ada.refusal()).toBe(140);
    await ada.world.clock.advance(60_000);
    expect(await ada.provision(report(kind, 1))).toEqual({ Status: 1 });
    const device = await ada.device();
    expect(device.wipe).toEqual({ kind, state: 'done', at: ada.world.clock.now() });
    expect(device).toMatchObject({ blocked: true });
    expect(device.policyKey).toBeUndefined();
    expect(await ada.refusal()).toBe(129);
    expect(await failureOf(ada.provision(undefined))).toBe(129);
    expect(await failureOf(ada.initial())).toBe(129);
  });

  test('that fails is ordered again [MS-ASPROV R665 R666 R701 R702 R1048 R66603 R66604 R66605 R66610 R66611]', async () => {
    const ada = await ordered(kind, version);
    await ada.provision({});
    expect(await ada.provision(report(kind, 2))).toEqual({ Status: 2, ...directive[kind] });
    expect((await ada.device()).wipe).toMatchObject({ state: 'failed' });
    expect(await ada.refusal()).toBe(140);
    expect(await ada.provision({})).toEqual({ Status: 1, ...directive[kind] });
    expect(await ada.provision(report(kind, 1))).toEqual({ Status: 1 });
    expect(await ada.refusal()).toBe(129);
  });

  test('is ordered whatever the device asks of Provision', async () => {
    const ada = await ordered(kind, version);
    expect(await ada.initial()).toEqual({ Status: 1, ...directive[kind] });
    expect(await ada.acknowledge(ada.keys[0])).toEqual({ Status: 1, ...directive[kind] });
  });

  test('whose report was answered into the void can be reported again', async () => {
    const ada = await ordered(kind, version);
    await ada.provision({});
    await ada.provision(report(kind, 1));
    expect(await ada.provision(report(kind, 1))).toEqual({ Status: 1 });
  });
});

describe('an order that changes while the device is told of another', () => {
  /** Somebody escalates it right after the request has read the device. */
  function escalating(ada: Phone) {
    const { devices } = ada.world;
    const replace = devices.replace.bind(devices);
    let once = true;
    devices.replace = async (...given) => {
      if (once) await devices.orderWipe(ada.account.id, ada.id, 'device');
      once = false;
      return replace(...given);
    };
  }

  test('is told as it is now', async () => {
    const ada = await ordered('account');
    escalating(ada);
    expect(await ada.provision({})).toEqual({ Status: 1, ...directive.device });
    expect((await ada.device()).wipe).toMatchObject({ kind: 'device', state: 'sent' });
  });

  test.each([1, 2])('stands, whatever is reported of the old one: %i', async (Status) => {
    const ada = await ordered('account');
    await ada.provision({});
    escalating(ada);
    expect(await ada.provision(report('account', Status))).toEqual({ Status: 1, ...directive.device });
    expect((await ada.device()).wipe).toMatchObject({ kind: 'device', state: 'sent' });
    expect((await ada.device()).blocked).toBeUndefined();
  });

  test('is not done by a report of the account alone that comes later', async () => {
    const ada = await ordered('account');
    await ada.provision({});
    await ada.world.devices.orderWipe(ada.account.id, ada.id, 'device');
    expect(await ada.provision(report('account', 1))).toEqual({ Status: 1, ...directive.device });
    expect((await ada.device()).wipe).toMatchObject({ kind: 'device', state: 'sent' });
    expect(await ada.provision(report('device', 1))).toEqual({ Status: 1 });
  });
});

describe('a wipe', () => {
  test.each([
    ['a Status of its own beside an empty RemoteWipe (iOS)', { Status: 1, RemoteWipe: {} }, 'done'],
    ['a Status of its own before that of RemoteWipe', { Status: 2, RemoteWipe: { Status: 1 } }, 'done'],
    ['a Status and nothing else', { Status: 1 }, 'done'],
    ['no Status at all', { RemoteWipe: {} }, 'failed'],
    ['a Status that there is not', { RemoteWipe: { Status: 7 } }, 'failed'],
  ])('that is reported by %s is %s', async (_, request, state) => {
    const ada = await ordered('device');
    await ada.provision({});
    await ada.provision(request);
    expect((await ada.device()).wipe).toMatchObject({ state });
  });

  test('that nobody ordered cannot be reported, and no directive is in the answer [MS-ASPROV R653 R654 R66614 R66615]', async () => {
    const ada = await phone();
    expect(await ada.provision(report('device', 1))).toEqual({ Status: 2 });
    expect(await ada.provision(report('account', 2))).toEqual({ Status: 2 });
    expect((await ada.device()).wipe).toBeUndefined();
    expect(await ada.refusal()).toBeUndefined();
    expect((await ada.initial()).RemoteWipe).toBeUndefined();
  });

  test.each([121, 140, 141, 160] as const)(
    'of the account alone never destroys a whole device: version %i has no such directive and is shut out [MS-ASPROV R6906]',
    async (version) => {
      const ada = await ordered('account', version);
      expect(await ada.refusal()).toBe(129);
      expect(await failureOf(ada.provision({}))).toBe(129);
      // It can be told as soon as it speaks a version that has one.
      ada.version = 161;
      expect(await ada.refusal()).toBe(140);
      expect(await ada.provision({})).toEqual({ Status: 1, AccountOnlyRemoteWipe: true });
    },
  );

  test('that is over is forgotten with the partnership', async () => {
    const ada = await ordered('device');
    await ada.provision({});
    await ada.provision(report('device', 1));
    await ada.world.devices.remove(ada.account.id, ada.id);
    expect(await ada.refusal()).toBeUndefined();
    expect((await ada.initial()).Policies!.Policy[0]).toMatchObject({ PolicyType: WBXML_POLICY, Status: 1 });
  });

  test('of one device leaves the others alone', async () => {
    const ada = await ordered('device');
    const other = new Phone(ada.world, ada.account, 161, 'phone2');
    expect(await other.refusal()).toBeUndefined();
    expect(await ada.refusal()).toBe(140);
  });

  test('a block is met by Provision too', async () => {
    const ada = await phone();
    await ada.comply();
    await ada.world.devices.save(ada.account.id, ada.id, { blocked: true });
    expect(await ada.refusal()).toBe(129);
    expect(await failureOf(ada.initial())).toBe(129);
  });
});
