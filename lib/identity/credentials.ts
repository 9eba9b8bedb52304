import type { Mailboxes } from '../mailbox/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { MailboxId } from '../ops/ids.ts';
import { ConditionFailed, type Table, type Write } from '../store/ports.ts';
import { APP_PASSWORDS, accountPartition, keys } from '../store/schema.ts';
import { NoAccount } from './account-errors.ts';
import type { StoredAccount } from './account-rows.ts';
import {
  type AppPassword,
  appPasswordId,
  appPasswordOf,
  appSecretDigest,
  newAppSecret,
  putAppPassword,
} from './app-passwords.ts';
import type { AccountReader } from './directory.ts';
import { checkedPassword, type HashCost, hashPassword } from './password-hash.ts';
import { decideAgain } from './retry.ts';

/** Passwords and app passwords. Every change raises the account's `credentialVersion` in its transaction. */
export interface Credentials {
  /** `undefined`: no password of its own any more. @throws NoAccount, InvalidPassword */
  setPassword(id: MailboxId, password: string | undefined): Promise<void>;
  /** The secret is in this answer and nowhere else. @throws NoAccount */
  addAppPassword(id: MailboxId, name: string): Promise<AppPassword & { readonly secret: string }>;
  appPasswords(id: MailboxId): Promise<readonly AppPassword[]>;
  /** `false`: there is none with this id. @throws NoAccount */
  revokeAppPassword(id: MailboxId, appPassword: string): Promise<boolean>;
  /** Whether the text is an app password of the account. */
  isAppPassword(id: MailboxId, text: string): Promise<boolean>;
  /** The same password under a new cost: no change of credentials. Does nothing where the hash has changed meanwhile. */
  replaceHash(id: MailboxId, from: string, to: string): Promise<void>;
}

export interface CredentialsDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly mailboxes: Pick<Mailboxes, 'open'>;
  readonly directory: AccountReader;
  readonly hashCost?: HashCost;
}

export function createCredentials({ table, clock, mailboxes, directory, hashCost }: CredentialsDeps): Credentials {
  /** Writes what `more` says together with the new version of the account, then ends what is held on the old one. */
  async function change(id: MailboxId, more: Partial<Update>, writes: readonly Write[]): Promise<void> {
    await decideAgain(clock, async () => {
      const account = await directory.stored(id);
      if (!account) throw new NoAccount('no such account');
      await table.transact([versionUp(account, more), ...writes]);
    });
    await mailboxes.open(id).raise('policyEpoch');
  }
  const rows = (id: MailboxId) =>
    table.query({ table: 'directory', pk: accountPartition(id), prefix: APP_PASSWORDS, consistency: 'strong' });

  return {
    async setPassword(id, password) {
      if (password === undefined) return change(id, { remove: ['passwordHash', 'passwordExpires'] }, []);
      const passwordHash = await hashPassword(checkedPassword(password), hashCost);
      return change(id, { set: { passwordHash }, remove: ['passwordExpires'] }, []);
    },
    async addAppPassword(id, name) {
      const secret = newAppSecret();
      const digest = appSecretDigest(secret)!;
      const createdAt = clock.now();
      await change(id, {}, [putAppPassword(id, digest, name, createdAt)]);
      return { id: appPasswordId(digest), name, createdAt, secret };
    },
    appPasswords: async (id) =>
      (await rows(id)).map(appPasswordOf).sort((a, b) => a.createdAt - b.createdAt || a.id.localeCompare(b.id)),
    async revokeAppPassword(id, appPassword) {
      if (!(await directory.stored(id))) throw new NoAccount('no such account');
      const row = (await rows(id)).find((candidate) => appPasswordOf(candidate).id === appPassword);
      if (!row) return false;
      await change(id, {}, [{ op: 'delete', key: { table: 'directory', pk: row.pk, sk: row.sk } }]);
      return true;
    },
    async isAppPassword(id, text) {
      const digest = appSecretDigest(text);
      return digest !== undefined && (await table.get(keys.appPassword(id, digest), 'strong')) !== undefined;
    },
    async replaceHash(id, from, to) {
      try {
        await table.transact([
          { op: 'update', key: keys.account(id), set: { passwordHash: to }, when: { equals: { passwordHash: from } } },
        ]);
      } catch (error) {
        if (!(error instanceof ConditionFailed)) throw error;
      }
    },
  };
}

type Update = Extract<Write, { op: 'update' }>;

function versionUp(account: StoredAccount, more: Partial<Update>): Write {
  return {
    op: 'update',
    key: keys.account(account.id),
    ...more,
    add: { credentialVersion: 1, revision: 1 },
    when: { equals: { revision: account.revision } },
  };
}
