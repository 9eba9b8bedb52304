import { describe, expect, test } from 'vitest';
import { createProvision } from '../../../lib/commands/provision.ts';
import { keys } from '../../../lib/store/schema.ts';
import { DOCUMENT_VERSIONS, failureOf, INFORMATION, phone, WAP_POLICY, WBXML_POLICY } from './phone.ts';

const STRICT = { settings: { DevicePasswordEnabled: true, MinDevicePasswordLength: 6 } };
const KEY = /^[1-9]\d{0,9}$/;

describe('where a policy is in place', () => {
  test.each(DOCUMENT_VERSIONS)(
    'a device of version %i gets it, acknowledges it, and is let in [MS-ASPROV R209 R310 R378 R394 R417 R419 R441 R466 R486 R495 R601 R605 R650 R661 R662 R678 R688 R703] [MS-ASCMD R4990 R4992 R5026 R5028 R4996]',
    async (version) => {
      const ada = await phone(version);
      await ada.world.policies.save('default', STRICT);
      expect(await ada.refusal()).toBe(142);
      const first = await ada.initial();
      expect(first.Status).toBe(1);
      const [sent] = first.Policies!.Policy;
      expect(sent).toMatchObject({
        PolicyType: WBXML_POLICY,
        Status: 1,
        PolicyKey: expect.stringMatching(KEY) as string,
        Data: { EASProvisionDoc: { DevicePasswordEnabled: true, MinDevicePasswordLength: 6, AllowCamera: true } },
      });
      // The temporary key is good for the acknowledgement alone.
      ada.policyKey = sent!.PolicyKey;
      expect(await ada.refusal()).toBe(144);
      const second = await ada.acknowledge(sent!.PolicyKey);
      expect(second).toEqual({
        Status: 1,
        Policies: {
          Policy: [{ PolicyType: WBXML_POLICY, Status: 1, PolicyKey: expect.stringMatching(KEY) as string }],
        },
      });
      expect(new Set(ada.keys).size).toBe(2);
      ada.policyKey = ada.keys.at(-1);
      expect(await ada.refusal()).toBeUndefined();
      ada.policyKey = '1';
      expect(await ada.refusal()).toBe(144);
    },
  );

  test('a key is a number of 32 bits and never 0, which iOS takes for none [MS-ASPROV R606 R711]', async () => {
    const ada = await phone();
    for (let n = 0; n < 50; n++) await ada.initial();
    expect(new Set(ada.keys).size).toBe(50);
    for (const key of ada.keys) {
      expect(key).toMatch(KEY);
      expect(Number(key)).toBeLessThan(2 ** 32);
    }
  });

  test('its change sends every device back, and the new one is acknowledged by a new key [MS-ASPROV R693]', async () => {
    const ada = await phone();
    await ada.world.policies.save('default', STRICT);
    await ada.comply();
    expect(await ada.refusal()).toBeUndefined();
    await ada.world.policies.save('default', { settings: { ...STRICT.settings, AllowCamera: false } });
    expect(await ada.refusal()).toBe(143);
    await ada.comply();
    expect(await ada.refusal()).toBeUndefined();
    expect(new Set(ada.keys).size).toBe(4);
  });

  test('a policy that changes between the two phases is not the one that was acknowledged', async () => {
    const ada = await phone();
    await ada.world.policies.save('default', STRICT);
    await ada.initial();
    await ada.world.policies.save('default', { settings: { AllowCamera: false } });
    await ada.acknowledge(ada.keys.at(-1));
    ada.policyKey = ada.keys.at(-1);
    expect(await ada.refusal()).toBe(143);
  });

  test('a setting that is no longer set is sent with its default or empty [MS-ASPROV R652 R1044 R1045]', async () => {
    const ada = await phone();
    await ada.world.policies.save('default', STRICT);
    await ada.comply();
    await ada.world.policies.save('default', { settings: { AllowCamera: false } });
    const changed = await ada.initial();
    expect(changed.Policies!.Policy[0]!.Data!.EASProvisionDoc).toMatchObject({
      DevicePasswordEnabled: false,
      MinDevicePasswordLength: null,
      AllowCamera: false,
    });
  });

  test('an answer to the acknowledgement that was lost can be had again', async () => {
    const ada = await phone();
    await ada.world.policies.save('default', STRICT);
    await ada.initial();
    const temporary = ada.keys.at(-1);
    await ada.acknowledge(temporary);
    expect((await ada.acknowledge(temporary)).Policies!.Policy[0]!.Status).toBe(1);
    ada.policyKey = ada.keys.at(-1);
    expect(await ada.refusal()).toBeUndefined();
  });

  test('a first phase that is broken off leaves the device as it was', async () => {
    const ada = await phone();
    await ada.world.policies.save('default', STRICT);
    await ada.comply();
    await ada.initial();
    expect(await ada.refusal()).toBeUndefined();
  });

  test.each([
    ['a key from nowhere', (): string => '1234567890'],
    ['key 0', (): string => '0'],
    ['the temporary key of an earlier first phase', (given: readonly string[]) => given[0]!],
  ])(
    '%s acknowledges nothing: Policy status 5 [MS-ASPROV R382 R475 R507 R657 R658 R692 R695 R708 R761]',
    async (_, choose) => {
      const ada = await phone();
      await ada.world.policies.save('default', STRICT);
      await ada.initial();
      await ada.initial();
      const answer = await ada.acknowledge(choose(ada.keys));
      expect(answer).toEqual({ Status: 1, Policies: { Policy: [{ PolicyType: WBXML_POLICY, Status: 5 }] } });
      expect((await ada.device()).policyKey).toBeUndefined();
    },
  );

  test('a key in the header alone will do for an acknowledgement [MS-ASPROV R485]', async () => {
    const ada = await phone();
    await ada.initial();
    ada.policyKey = ada.keys.at(-1);
    expect((await ada.acknowledge(undefined)).Policies!.Policy[0]).toMatchObject({ Status: 1 });
  });

  test('spaces around a key are no part of it', async () => {
    const ada = await phone();
    await ada.initial();
    expect((await ada.acknowledge(` ${ada.keys.at(-1)}\n`)).Policies!.Policy[0]).toMatchObject({ Status: 1 });
  });

  test('an acknowledgement before any first phase is status 5', async () => {
    const ada = await phone();
    expect((await ada.acknowledge('5')).Policies!.Policy[0]).toEqual({ PolicyType: WBXML_POLICY, Status: 5 });
  });

  test.each([
    ['complies', 1, {}, undefined],
    ['complies in part, which is not enough', 2, {}, 139],
    ['complies in part, which is enough', 2, { allowPartial: true }, undefined],
    ['does not comply at all', 3, { allowPartial: true }, 139],
    ['does not comply at all, and need not', 3, { withoutKey: 'allow' }, undefined],
    ['is managed by somebody else, which is not allowed', 4, {}, 145],
    ['is managed by somebody else, which is allowed', 4, { allowExternal: true }, undefined],
  ])(
    'a device that %s ends with %i -> %j: %s [MS-ASPROV R455 R461 R659 R660 R681 R684 R686 R687 R697 R1046] [MS-ASCMD R4917]',
    async (_, status, more, failure) => {
      const ada = await phone();
      await ada.world.policies.save('default', { ...STRICT, ...more });
      await ada.initial();
      expect(await failureOf(ada.acknowledge(ada.keys.at(-1), status))).toBe(failure);
      expect((await ada.device()).policyKey !== undefined).toBe(failure === undefined);
    },
  );

  test.each([0, 5, 99, -1])('an acknowledgement with status %i is a protocol error', async (status) => {
    const ada = await phone();
    await ada.world.policies.save('default', STRICT);
    await ada.initial();
    expect(await ada.acknowledge(ada.keys.at(-1), status)).toEqual({ Status: 2 });
  });
});

describe('where nothing is demanded', () => {
  test.each(DOCUMENT_VERSIONS)(
    'a device of version %i need not ask, and is sent nothing to comply with if it does',
    async (version) => {
      const ada = await phone(version);
      expect(await ada.refusal()).toBeUndefined();
      const first = await ada.initial();
      expect(first).toMatchObject({ Status: 1, Policies: { Policy: [{ Status: 1 }] } });
      expect(first.Policies!.Policy[0]!.Data).toEqual({ EASProvisionDoc: { DevicePasswordEnabled: false } });
      expect((await ada.acknowledge(ada.keys.at(-1))).Policies!.Policy[0]).toMatchObject({
        Status: 1,
        PolicyKey: expect.stringMatching(KEY) as string,
      });
      ada.policyKey = ada.keys.at(-1);
      expect(await ada.refusal()).toBeUndefined();
    },
  );

  test.each([2, 3, 4])('a device that reports %i is let in', async (status) => {
    const ada = await phone();
    await ada.initial();
    expect((await ada.acknowledge(ada.keys.at(-1), status)).Policies!.Policy[0]!.Status).toBe(1);
  });

  test('a device that was told so before is told the same again', async () => {
    const ada = await phone();
    await ada.comply();
    expect((await ada.device()).policyHash).toBeDefined();
    const [again] = (await ada.initial()).Policies!.Policy;
    expect(again!.Data).toEqual({ EASProvisionDoc: { DevicePasswordEnabled: false } });
  });

  test('any more, a device that complied is relieved of it', async () => {
    const ada = await phone();
    await ada.world.policies.save('default', STRICT);
    await ada.comply();
    await ada.world.policies.remove('default');
    expect(await ada.refusal()).toBe(143);
    const first = await ada.initial();
    expect(first.Policies!.Policy[0]!.Data!.EASProvisionDoc).toMatchObject({
      DevicePasswordEnabled: false,
      MinDevicePasswordLength: null,
      AllowBrowser: true,
    });
    await ada.acknowledge(ada.keys.at(-1));
    ada.policyKey = ada.keys.at(-1);
    expect(await ada.refusal()).toBeUndefined();
  });
});

describe('the request', () => {
  test.each([undefined, {}])(
    '%j, empty, is answered with success and nothing else [MS-ASPROV R493 R654 R66614]',
    async (request) => {
      const ada = await phone();
      expect(await ada.provision(request)).toEqual({ Status: 1 });
    },
  );

  test.each([
    ['no PolicyType', { DeviceInformation: INFORMATION, Policies: { Policy: [{}] } }],
    ['no Policy', { DeviceInformation: INFORMATION, Policies: { Policy: [] } }],
    ['no Policies', { DeviceInformation: INFORMATION }],
    ['an acknowledgement of no type', { Policies: { Policy: [{ Status: 1, PolicyKey: '5' }] } }],
  ])('with %s is a protocol error [MS-ASCMD R4989] [MS-ASPROV R395 R450 R497 R679]', async (_, request) => {
    const ada = await phone();
    expect(await ada.provision(request)).toEqual({ Status: 2 });
  });

  test.each([
    ['InvalidPolicyType', 3],
    ['', 3],
    ['ms-eas-provisioning-wbxml', 3],
    // Known, and none is defined: the policy of EAS 2.5 is no WBXML.
    ['MS-WAP-Provisioning-XML', 2],
  ])(
    'for a policy of type %j gets Policy status %i [MS-ASPROV R380 R471 R502 R379 R468 R499]',
    async (type, status) => {
      const ada = await phone();
      expect((await ada.initial(type)).Policies).toEqual({ Policy: [{ PolicyType: type, Status: status }] });
      expect((await ada.device()).temporaryPolicyKey).toBeUndefined();
      const again = await ada.provision({ Policies: { Policy: [{ PolicyType: type, PolicyKey: '5', Status: 1 }] } });
      expect(again.Policies).toEqual({ Policy: [{ PolicyType: type, Status: status }] });
    },
  );

  test('is not given back more than the beginning of a type that nobody knows', async () => {
    const ada = await phone();
    const [answered] = (await ada.initial('x'.repeat(65))).Policies!.Policy;
    expect(answered).toEqual({ PolicyType: 'x'.repeat(64), Status: 3 });
  });

  test('for a policy that is not there gets 2, for one that cannot be read 4 [MS-ASPROV R379 R381 R473 R691]', async () => {
    const ada = await phone();
    const { accounts, policies, table } = ada.world;
    await policies.save('strict', STRICT);
    await accounts.update(ada.account.id, { policy: 'strict' });
    await table.transact([{ op: 'update', key: keys.policy('strict'), set: { policy: 'x' } }]);
    expect((await ada.initial()).Policies!.Policy).toEqual([{ PolicyType: WBXML_POLICY, Status: 4 }]);
    await table.transact([{ op: 'delete', key: keys.policy('strict') }]);
    expect((await ada.initial()).Policies!.Policy).toEqual([{ PolicyType: WBXML_POLICY, Status: 2 }]);
  });

  test('needs no policy key, and a failure carries its code', () => {
    const command = createProvision({} as Parameters<typeof createProvision>[0]);
    expect(command).toMatchObject({ name: 'Provision', code: 20, needsPolicy: false, body: 'optional' });
    expect(command.failure(129)).toEqual({ Status: 129 });
  });
});

describe('what the device tells of itself', () => {
  test.each([141, 160, 161] as const)(
    'must come with the first Provision of version %i [MS-ASCMD R4953 R4954], is kept, and answered [MS-ASPROV R366 R488 R534 R535]',
    async (version) => {
      const ada = await phone(version);
      const bare = { Policies: { Policy: [{ PolicyType: WBXML_POLICY }] } };
      expect(await failureOf(ada.provision(bare))).toBe(165);
      expect(await failureOf(ada.provision({ DeviceInformation: {}, ...bare }))).toBe(165);
      expect((await ada.initial()).DeviceInformation).toEqual({ Status: 1 });
      expect((await ada.device()).information).toEqual({
        model: 'iPhone17,1',
        os: 'iOS 19',
        imei: '356938035643809',
      });
      // Told once, it is known.
      expect((await ada.provision(bare)).DeviceInformation).toBeUndefined();
    },
  );

  test.each([121, 140] as const)('is not expected of version %i, and no reason to refuse it', async (version) => {
    const ada = await phone(version);
    const bare = { Policies: { Policy: [{ PolicyType: WBXML_POLICY }] } };
    expect((await ada.provision(bare)).Policies!.Policy[0]!.Status).toBe(1);
    const told = await ada.provision({ DeviceInformation: INFORMATION, ...bare });
    expect(told.DeviceInformation).toBeUndefined();
    expect(told.Policies!.Policy[0]!.Status).toBe(1);
    expect((await ada.device()).information?.model).toBe('iPhone17,1');
  });
});

describe("AOSP's account test", () => {
  test('goes through both phases and leaves nothing behind', async () => {
    const ada = await phone(141, 'validate');
    await ada.world.policies.save('default', STRICT);
    expect(await ada.refusal()).toBe(142);
    await ada.initial();
    expect((await ada.acknowledge(ada.keys.at(-1))).Policies!.Policy[0]!.Status).toBe(1);
    expect((await ada.acknowledge('0')).Policies!.Policy[0]!.Status).toBe(5);
    ada.policyKey = undefined;
    for (const none of [undefined, '', ' ']) {
      expect((await ada.acknowledge(none)).Policies!.Policy[0]!.Status).toBe(5);
    }
    expect(await ada.world.devices.list(ada.account.id)).toEqual([]);
    // It is no way around the policy.
    ada.policyKey = ada.keys.at(-1);
    expect(await ada.refusal()).toBe(144);
  });
});

describe('a device of 2.5', () => {
  test('gets the policy as text under a key, acknowledges it, and is let in', async () => {
    const ada = await phone(25);
    await ada.world.policies.save('default', STRICT);
    expect(await ada.refusal()).toBe(142);
    const [sent] = (await ada.initial()).Policies!.Policy;
    expect(sent).toMatchObject({ PolicyType: WAP_POLICY, Status: 1, PolicyKey: expect.stringMatching(KEY) as string });
    expect(sent!.LegacyData).toContain('value="6"');
    expect(await ada.acknowledge('4711')).toEqual({
      Status: 1,
      Policies: { Policy: [{ PolicyType: WAP_POLICY, Status: 5 }] },
    });
    await ada.comply();
    expect(await ada.refusal()).toBeUndefined();
    await ada.world.policies.save('default', { settings: { DevicePasswordEnabled: true } });
    expect(await ada.refusal()).toBe(143);
  });

  test('is let in where nothing is demanded any more, once it was told so', async () => {
    const ada = await phone(25);
    await ada.world.policies.save('default', STRICT);
    await ada.comply();
    await ada.world.policies.remove('default');
    expect(await ada.refusal()).toBe(143);
    expect((await ada.initial()).Policies!.Policy[0]!.LegacyData).toContain('name="4131" value="1"');
    await ada.comply();
    expect(await ada.refusal()).toBeUndefined();
  });

  test.each([
    [{ AllowCamera: false }, {}, 139],
    [{ AllowCamera: false }, { allowPartial: true }, undefined],
    [{ MinDevicePasswordLength: 4 }, {}, undefined],
  ])('that cannot be told all of %j (%j) is refused with %j', async (more, rest, refusal) => {
    const ada = await phone(25);
    await ada.world.policies.save('default', { settings: { ...STRICT.settings, ...more }, ...rest });
    await ada.comply();
    expect(await ada.refusal()).toBe(refusal);
  });

  test.each([
    [25, WBXML_POLICY, 2],
    [25, 'Nonsense', 3],
    [120, WAP_POLICY, 2],
    [161, WAP_POLICY, 2],
  ] as const)('or of version %i has no policy of the type %s: status %i', async (version, type, Status) => {
    const ada = await phone(version);
    await ada.world.policies.save('default', STRICT);
    expect((await ada.initial(type)).Policies).toEqual({ Policy: [{ PolicyType: type, Status }] });
  });

  test('is told in its own type of a policy that cannot be read (4) and of one that is not there (2)', async () => {
    const ada = await phone(25);
    const { table, accounts, policies } = ada.world;
    await policies.save('strict', STRICT);
    await accounts.update(ada.account.id, { policy: 'strict' });
    await table.transact([{ op: 'update', key: keys.policy('strict'), set: { policy: 'x' } }]);
    expect((await ada.initial()).Policies).toEqual({ Policy: [{ PolicyType: WAP_POLICY, Status: 4 }] });
    await table.transact([{ op: 'delete', key: keys.policy('strict') }]);
    expect((await ada.initial()).Policies).toEqual({ Policy: [{ PolicyType: WAP_POLICY, Status: 2 }] });
  });
});
