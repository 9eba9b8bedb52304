import { expect, test } from 'vitest';
import { createRecovery } from '../../../lib/identity/recovery.ts';
import { createVault } from '../../../lib/identity/vault.ts';
import type { DeviceId } from '../../../lib/ops/ids.ts';
import { openWorld } from './support.ts';

const PHONE = 'phone1' as DeviceId;

async function setup(policy?: object, withKey = true) {
  const { accounts, devices, policies } = await openWorld();
  const account = await accounts.create({ address: 'kim@example.test' });
  await devices.touch(account.id, { id: PHONE, type: 'T', version: 161 });
  if (policy) await policies.save('default', { settings: policy });
  const vault = withKey ? createVault(async () => new Uint8Array(32)) : undefined;
  return { account, devices, recovery: createRecovery({ devices, policies, vault }) };
}

test('a password is kept sealed where the policy asks for it, until the device takes it back', async () => {
  const { account, devices, recovery } = await setup({ DevicePasswordEnabled: true, PasswordRecoveryEnabled: true });
  expect(await recovery.get(account.id, PHONE)).toBeUndefined();
  expect(await recovery.set(account, PHONE, 'pässword')).toBe(true);
  expect(await recovery.get(account.id, PHONE)).toBe('pässword');
  expect(JSON.stringify(await devices.get(account.id, PHONE))).not.toContain('ssword"');
  expect(await recovery.set(account, PHONE, '')).toBe(true);
  expect(await recovery.get(account.id, PHONE)).toBeUndefined();
});

test.each([
  ['no policy', undefined, true],
  ['a policy that does not ask', { DevicePasswordEnabled: true }, true],
  ['no key', { PasswordRecoveryEnabled: true }, false],
] as const)('with %s nothing is kept', async (_, policy, withKey) => {
  const { account, recovery } = await setup(policy, withKey);
  expect(await recovery.set(account, PHONE, 'secret')).toBe(false);
  expect(await recovery.get(account.id, PHONE)).toBeUndefined();
});

test('a password of one device opens for no other', async () => {
  const { account, devices, recovery } = await setup({ PasswordRecoveryEnabled: true });
  await recovery.set(account, PHONE, 'secret');
  const other = 'phone2' as DeviceId;
  await devices.touch(account.id, { id: other, type: 'T', version: 161 });
  const { recovery: sealed } = (await devices.get(account.id, PHONE))!;
  await devices.save(account.id, other, { recovery: sealed });
  expect(await recovery.get(account.id, other)).toBeUndefined();
});
