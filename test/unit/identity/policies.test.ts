import { describe, expect, test } from 'vitest';
import { InvalidAccount } from '../../../lib/identity/account-errors.ts';
import { PolicyInUse } from '../../../lib/identity/policies.ts';
import { InvalidPolicy } from '../../../lib/identity/policy.ts';
import { keys } from '../../../lib/store/schema.ts';
import { STORES } from '../../support/stores.ts';
import { openWorld as openWorldOn } from './support.ts';

const STRICT = { settings: { DevicePasswordEnabled: true, MinDevicePasswordLength: 6 } };

describe.each(STORES)('on %s', (store) => {
  const openWorld = (options: { readonly maxDevices?: number } = {}) => openWorldOn({ store, ...options });

  describe('policies', () => {
    test('demand nothing until somebody says so', async () => {
      const { policies, accounts } = await openWorld();
      const account = await accounts.create({ address: 'a@x.org' });
      expect(await policies.forAccount(account)).toEqual({ kind: 'none' });
      await policies.save('default', {});
      expect(await policies.forAccount(account)).toEqual({ kind: 'none' });
      await policies.save('default', STRICT);
      expect(await policies.forAccount(account)).toMatchObject({ kind: 'policy', policy: STRICT });
    });

    test('are stored by name and listed', async () => {
      const { policies } = await openWorld();
      const saved = await policies.save('strict', STRICT);
      await policies.save('default', {});
      expect(await policies.get('strict')).toEqual(saved);
      expect((await policies.list()).map(({ name }) => name)).toEqual(['default', 'strict']);
      expect(await policies.get('other')).toBeUndefined();
      await expect(policies.save('strict', { settings: { AllowCamera: 3 } })).rejects.toThrow(InvalidPolicy);
      expect(await policies.get('strict')).toEqual(saved);
    });

    test('apply to the accounts that name them', async () => {
      const { policies, accounts } = await openWorld();
      await policies.save('strict', STRICT);
      const named = await accounts.create({ address: 'a@x.org', policy: 'strict' });
      const other = await accounts.create({ address: 'b@x.org' });
      expect(await policies.forAccount(named)).toMatchObject({ kind: 'policy', policy: { name: 'strict' } });
      expect(await policies.forAccount(other)).toEqual({ kind: 'none' });
      await accounts.update(named.id, { policy: null });
      expect(await policies.forAccount((await accounts.get(named.id))!)).toEqual({ kind: 'none' });
      await expect(accounts.update(other.id, { policy: 'absent' })).rejects.toThrow(InvalidAccount);
    });

    test('end the held requests of those to whom they apply, and of no others, when they change', async () => {
      const { policies, accounts, epochs } = await openWorld();
      await policies.save('strict', STRICT);
      const named = await accounts.create({ address: 'a@x.org', policy: 'strict' });
      const other = await accounts.create({ address: 'b@x.org' });
      const before = [await epochs(named.id), await epochs(other.id)] as const;
      await policies.save('strict', {});
      expect(await epochs(named.id)).toEqual({ ...before[0], policy: before[0].policy + 1 });
      expect(await epochs(other.id)).toEqual(before[1]);
      await policies.save('default', STRICT);
      await policies.remove('default');
      expect((await epochs(other.id)).policy).toBe(before[1].policy + 2);
    });

    test('a change is in force at once, and rendered anew', async () => {
      const { policies, accounts } = await openWorld();
      const account = await accounts.create({ address: 'a@x.org' });
      const hash = async () => {
        const applied = await policies.forAccount(account);
        return applied.kind === 'policy' ? applied.render(141).hash : undefined;
      };
      await policies.save('default', STRICT);
      const before = await hash();
      expect(await hash()).toBe(before);
      await policies.save('default', { settings: { ...STRICT.settings, MinDevicePasswordLength: 8 } });
      expect(await hash()).not.toBe(before);
      await policies.save('default', STRICT);
      expect(await hash()).toBe(before);
    });

    test('cannot be removed while an account names them', async () => {
      const { policies, accounts } = await openWorld();
      await policies.save('strict', STRICT);
      const account = await accounts.create({ address: 'a@x.org', policy: 'strict' });
      await expect(policies.remove('strict')).rejects.toThrow(PolicyInUse);
      await accounts.update(account.id, { policy: null });
      expect(await policies.remove('strict')).toBe(true);
      expect(await policies.remove('strict')).toBe(false);
    });

    test('that cannot be read are told from those that are not there', async () => {
      const { policies, accounts, table } = await openWorld();
      await policies.save('strict', STRICT);
      const account = await accounts.create({ address: 'a@x.org', policy: 'strict' });
      await table.transact([
        { op: 'update', key: keys.policy('strict'), set: { policy: { settings: { AllowCamera: 7 } } } },
      ]);
      expect(await policies.forAccount(account)).toEqual({ kind: 'corrupt' });
      await expect(policies.get('strict')).rejects.toThrow(InvalidPolicy);
      await table.transact([{ op: 'delete', key: keys.policy('strict') }]);
      expect(await policies.forAccount(account)).toEqual({ kind: 'missing' });
    });
  });
});
