import { LRUCache } from 'lru-cache';
import type { Mailboxes } from '../mailbox/types.ts';
import type { Clock } from '../ops/clock.ts';
import { randomToken } from '../ops/ids.ts';
import type { ProtocolVersion } from '../protocol/versions.ts';
import type { Row, Table, Value } from '../store/ports.ts';
import { keys, POLICY_PARTITION } from '../store/schema.ts';
import {
  DEFAULT_POLICY,
  demandsSomething,
  InvalidPolicy,
  type Policy,
  parsePolicy,
  type RenderedPolicy,
  renderPolicy,
} from './policy.ts';
import { decideAgain } from './retry.ts';
import type { Account, Directory } from './types.ts';

/** Accounts name the policy; they must be given another one first. */
export class PolicyInUse extends Error {
  override readonly name = 'PolicyInUse';
}

/** What holds for an account. */
export type Applied =
  /** Nothing is demanded. */
  | { readonly kind: 'none' }
  | { readonly kind: 'policy'; readonly policy: Policy; render(version: ProtocolVersion): RenderedPolicy }
  /** The account names one that is not there (Policy status 2), or whose row cannot be read (4). */
  | { readonly kind: 'missing' }
  | { readonly kind: 'corrupt' };

export interface Policies {
  /** Strong: a policy that was just changed holds for the next request. */
  forAccount(account: Account): Promise<Applied>;
  /** @throws InvalidPolicy the stored one cannot be read */
  get(name: string): Promise<Policy | undefined>;
  list(): Promise<readonly Policy[]>;
  /** Then ends the held requests of the accounts that it applies to, so that their devices fetch it. @throws InvalidPolicy */
  save(name: string, policy: unknown): Promise<Policy>;
  /** `false`: there was none. Without `default`, nothing is demanded of accounts that name no policy. @throws PolicyInUse */
  remove(name: string): Promise<boolean>;
}

export interface PoliciesDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly directory: Pick<Directory, 'list'>;
  readonly mailboxes: Pick<Mailboxes, 'open'>;
}

export function createPolicies({ table, clock, directory, mailboxes }: PoliciesDeps): Policies {
  /** By name, revision and version: rendering encodes the whole document. */
  const rendered = new LRUCache<string, RenderedPolicy>({ max: 500 });

  async function read(name: string): Promise<Row | undefined> {
    return table.get(keys.policy(name), 'strong');
  }
  async function* accountsUnder(name: string): AsyncGenerator<Account> {
    for await (const account of directory.list()) if ((account.policy ?? DEFAULT_POLICY) === name) yield account;
  }
  async function tellDevices(name: string): Promise<void> {
    for await (const account of accountsUnder(name)) await mailboxes.open(account.id).raise('policyEpoch');
  }
  function applied(row: Row): Applied {
    let policy: Policy;
    try {
      policy = policyOf(row);
    } catch (error) {
      if (error instanceof InvalidPolicy) return { kind: 'corrupt' };
      throw error;
    }
    if (!demandsSomething(policy)) return { kind: 'none' };
    const render = (version: ProtocolVersion) => {
      const key = `${policy.name} ${row.revision} ${version}`;
      const known = rendered.get(key) ?? renderPolicy(policy, version);
      rendered.set(key, known);
      return known;
    };
    return { kind: 'policy', policy, render };
  }

  return {
    async forAccount(account) {
      const row = await read(account.policy ?? DEFAULT_POLICY);
      if (row) return applied(row);
      return account.policy === undefined || account.policy === DEFAULT_POLICY ? { kind: 'none' } : { kind: 'missing' };
    },
    async get(name) {
      const row = await read(name);
      return row && policyOf(row);
    },
    async list() {
      const rows = await table.query({ table: 'directory', pk: POLICY_PARTITION, consistency: 'strong' });
      return rows.map(policyOf);
    },
    async save(name, input) {
      const policy = parsePolicy(name, input);
      await decideAgain(clock, () =>
        table.transact([{ op: 'put', table: 'directory', row: policyRow(policy, clock.now()) }]),
      );
      await tellDevices(name);
      return policy;
    },
    async remove(name) {
      if (!(await read(name))) return false;
      if (name !== DEFAULT_POLICY) {
        for await (const account of accountsUnder(name))
          throw new PolicyInUse(`${account.address} has the policy ${name}`);
      }
      await decideAgain(clock, () => table.transact([{ op: 'delete', key: keys.policy(name) }]));
      await tellDevices(name);
      return true;
    },
  };
}

function policyRow({ name, ...policy }: Policy, changedAt: number): Row {
  const { pk, sk } = keys.policy(name);
  return { pk, sk, policy: policy as unknown as Value, changedAt, revision: randomToken(9) };
}

const policyOf = (row: Row): Policy => parsePolicy(row.sk, row.policy);
