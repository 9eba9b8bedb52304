import type { DeviceId, MailboxId } from '../ops/ids.ts';
import type { Policies } from './policies.ts';
import type { Account, Devices } from './types.ts';
import type { Vault } from './vault.ts';

/** Passwords with which a device can be opened whose user has forgotten his own (MS-ASCMD 2.2.3.46). */
export interface RecoveryPasswords {
  /** An empty one takes back what was kept. `false`: the policy of the account, or the lack of a key, forbids it. */
  set(account: Account, device: DeviceId, password: string): Promise<boolean>;
  /** `undefined` where there is none, or none that this server's key opens. */
  get(mailbox: MailboxId, device: DeviceId): Promise<string | undefined>;
}

export interface RecoveryDeps {
  readonly devices: Pick<Devices, 'get' | 'save'>;
  readonly policies: Pick<Policies, 'forAccount'>;
  /** Nothing is kept where absent. */
  readonly vault?: Vault;
}

const owner = (mailbox: MailboxId, device: DeviceId) => `recovery ${mailbox} ${device}`;

export function createRecovery({ devices, policies, vault }: RecoveryDeps): RecoveryPasswords {
  return {
    async set(account, device, password) {
      if (!vault) return false;
      const applied = await policies.forAccount(account);
      // A device tells its password when the policy asks for it; one that tells it unasked is not kept.
      const wanted = applied.kind === 'policy' && applied.policy.settings.PasswordRecoveryEnabled === true;
      if (!wanted) return false;
      const recovery = password === '' ? undefined : await vault.seal(password, owner(account.id, device));
      await devices.save(account.id, device, { recovery });
      return true;
    },
    async get(mailbox, device) {
      const sealed = (await devices.get(mailbox, device))?.recovery;
      return sealed === undefined ? undefined : await vault?.open(sealed, owner(mailbox, device));
    },
  };
}
