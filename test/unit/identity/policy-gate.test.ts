import { describe, expect, test } from 'vitest';
import type { Applied } from '../../../lib/identity/policies.ts';
import { parsePolicy, renderPolicy } from '../../../lib/identity/policy.ts';
import { createPolicyGate } from '../../../lib/identity/policy-gate.ts';
import type { Account, Device } from '../../../lib/identity/types.ts';
import type { DeviceId } from '../../../lib/ops/ids.ts';
import type { ProtocolVersion } from '../../../lib/protocol/versions.ts';

const account = {} as Account;
const fresh: Device = { id: 'd' as DeviceId, type: 'iPhone', firstSeen: 0, lastSeen: 0 };

function applied(more: Record<string, unknown> = {}): Applied {
  const policy = parsePolicy('p', { settings: { DevicePasswordEnabled: true, AllowCamera: false }, ...more });
  return { kind: 'policy', policy, render: (version) => renderPolicy(policy, version) };
}
const strict = applied();
const hash = strict.kind === 'policy' ? strict.render(141).hash : '';
const provisioned: Device = { ...fresh, policyKey: '77', policyHash: hash };

function check(now: Applied, device: Device, key: string | undefined, version: ProtocolVersion = 141) {
  return createPolicyGate({ forAccount: async () => now }).check(account, device, version, key);
}

describe('where a policy is in place', () => {
  test.each([
    ['never provisioned, key 0 [MS-ASCMD R4906 R4987]', fresh, '0', 142],
    ['never provisioned, no key', fresh, undefined, 142],
    ['never provisioned, an empty key', fresh, '', 142],
    ['never provisioned, a key from nowhere [MS-ASCMD R4912] [MS-ASPROV R537]', fresh, '1234567890', 144],
    ['provisioned, its key [MS-ASPROV R662]', provisioned, '77', undefined],
    ['provisioned, its key with spaces', provisioned, ' 77 ', undefined],
    ['provisioned, key 0: it forgot', provisioned, '0', 142],
    ['provisioned, another key [MS-ASPROV R487]', provisioned, '78', 144],
    ['only the temporary key [MS-ASPROV R650]', { ...fresh, temporaryPolicyKey: '5' }, '5', 144],
    ['a policy that has changed since [MS-ASPROV R693]', { ...provisioned, policyHash: 'old' }, '77', 143],
    ['a policy since there was none', { ...provisioned, policyHash: 'none' }, '77', 143],
  ])('%s', async (_, device, key, refusal) => {
    expect(await check(strict, device, key)).toBe(refusal);
  });

  test.each([
    ['provision', undefined, 142],
    ['refuse', undefined, 141],
    ['allow', undefined, undefined],
    ['provision', '0', 142],
    ['refuse', '0', 142],
    ['allow', '0', 142],
  ])(
    'without a key it is "%s": key %s gets %s [MS-ASPROV R458 R682 R685] [MS-ASCMD R4904]',
    async (withoutKey, key, refusal) => {
      expect(await check(applied({ withoutKey }), fresh, key)).toBe(refusal);
    },
  );

  test('a version that cannot be told all of it is refused, unless a part will do [MS-ASCMD R4899]', async () => {
    expect(await check(strict, fresh, '0', 120)).toBe(139);
    expect(await check(applied({ allowPartial: true }), fresh, '0', 120)).toBe(142);
  });

  test('a device that goes on to a newer version with the same policy is not asked again', async () => {
    for (const version of [121, 140, 141, 160, 161] as const) {
      expect(await check(strict, provisioned, '77', version)).toBeUndefined();
    }
  });

  test('one that cannot be read lets nobody in', async () => {
    expect(await check({ kind: 'corrupt' }, provisioned, '77')).toBe(142);
  });
});

describe('where nothing is demanded', () => {
  test.each([
    ['key 0', fresh, '0', undefined],
    ['no key', fresh, undefined, undefined],
    ['a key of whatever', fresh, '123', undefined],
    ['a key that was given when nothing was demanded either', { ...provisioned, policyHash: 'none' }, '77', undefined],
    ['a key of a policy that is gone: it is told once', provisioned, '77', 143],
  ])('%s', async (_, device, key, refusal) => {
    expect(await check({ kind: 'none' }, device, key)).toBe(refusal);
    expect(await check({ kind: 'missing' }, device, key)).toBe(refusal);
  });
});

describe('a wipe or a block comes before any policy', () => {
  const wipe = (kind: 'device' | 'account', state: NonNullable<Device['wipe']>['state']) => ({
    ...provisioned,
    wipe: { kind, state, at: 0 },
  });
  test.each([
    ['device wipe ordered [MS-ASCMD R5280]', wipe('device', 'ordered'), 141, 140],
    ['device wipe ordered, 12.1', wipe('device', 'ordered'), 121, 140],
    ['device wipe sent', wipe('device', 'sent'), 161, 140],
    ['device wipe failed', wipe('device', 'failed'), 161, 140],
    ['device wipe done [MS-ASCMD R4876]', wipe('device', 'done'), 161, 129],
    ['account wipe ordered, 16.1', wipe('account', 'ordered'), 161, 140],
    ['account wipe ordered, which 16.0 cannot be told', wipe('account', 'ordered'), 160, 129],
    ['account wipe done', wipe('account', 'done'), 161, 129],
    ['blocked', { ...provisioned, blocked: true }, 161, 129],
    ['blocked and to be wiped', { ...wipe('device', 'ordered'), blocked: true }, 161, 140],
  ] as const)('%s', async (_, device, version, refusal) => {
    for (const now of [strict, { kind: 'none' }, { kind: 'corrupt' }] as const) {
      expect(await check(now, device, '77', version)).toBe(refusal);
    }
  });
});
