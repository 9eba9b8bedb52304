import * as z from 'zod/mini';
import type { Clock } from '../ops/clock.ts';
import { randomToken } from '../ops/ids.ts';
import type { Condition, Table, Value } from '../store/ports.ts';
import { keys } from '../store/schema.ts';
import {
  ACCESS_ACTIONS,
  ACCESS_FIELDS,
  type AccessAction,
  type AccessDefault,
  type AccessRule,
  type AccessRules,
  type AccessScope,
  NO_RULES,
} from './access.ts';
import { decideAgain } from './retry.ts';
import type { Account, Devices, Directory } from './types.ts';

/** A rule that says nothing, too much or too many of them. */
export class InvalidRule extends Error {
  override readonly name = 'InvalidRule';
}

/** All rules are in one row: whoever reads them reads one state of them. */
export const MAX_RULES = 500;
const pattern = z.string().check(z.minLength(1), z.maxLength(200));

const NewRule = z.strictObject({
  action: z.enum(ACCESS_ACTIONS),
  match: z
    .strictObject({
      type: z.optional(pattern),
      model: z.optional(pattern),
      os: z.optional(pattern),
      userAgent: z.optional(pattern),
    })
    .check(z.refine((match) => ACCESS_FIELDS.some((field) => match[field] !== undefined), 'a rule needs a pattern')),
  note: z.optional(z.string().check(z.maxLength(200))),
});
export type NewRule = z.input<typeof NewRule>;

export interface StoredRules extends AccessRules {
  /** Another one after every change; absent before the first. */
  readonly revision: string | undefined;
}

/** Strong. */
export async function readAccessRules(table: Pick<Table, 'get'>): Promise<StoredRules> {
  const row = await table.get(keys.accessRules(), 'strong');
  if (!row) return { ...NO_RULES, revision: undefined };
  return {
    rules: row.rules as unknown as readonly AccessRule[],
    defaults: row.defaults as unknown as readonly AccessDefault[],
    revision: row.revision as string,
  };
}

/** The access rules of a server. Every change is followed by the devices that it concerns before it resolves. */
export interface AccessControl {
  rules(): Promise<StoredRules>;
  /** `at`: its place among all rules, from 0; the end by default. @throws InvalidRule */
  add(rule: NewRule, scope: AccessScope, at?: number): Promise<{ readonly rule: AccessRule; readonly changed: number }>;
  /** How many devices are treated otherwise now; `undefined`: there is no such rule. */
  remove(id: string): Promise<number | undefined>;
  /** What holds where no rule matches; `undefined`: what the wider scope says. */
  setDefault(scope: AccessScope, action: AccessAction | undefined): Promise<number>;
  /** Every device again, for instance after a change was interrupted. */
  reassess(scope?: AccessScope): Promise<number>;
}

export interface AccessControlDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly directory: Pick<Directory, 'list' | 'get'>;
  readonly devices: Pick<Devices, 'reassess'>;
}

export function createAccessControl({ table, clock, directory, devices }: AccessControlDeps): AccessControl {
  /** On condition that nobody changed them meanwhile; `decide` gives nothing where there is nothing to change. */
  async function change<T>(
    decide: (rules: AccessRules) => { readonly next: AccessRules; readonly result: T } | undefined,
  ) {
    return decideAgain(clock, async () => {
      const { revision, ...before } = await readAccessRules(table);
      const decided = decide(before);
      if (!decided) return undefined;
      const { pk, sk } = keys.accessRules();
      const { rules, defaults } = decided.next as unknown as { rules: Value; defaults: Value };
      const when: Condition = revision === undefined ? { row: 'absent' } : { equals: { revision } };
      const row = { pk, sk, rules, defaults, revision: randomToken(9), changedAt: clock.now() };
      await table.transact([{ op: 'put', table: 'directory', row, when }]);
      return decided.result;
    });
  }
  async function reassess(scope: AccessScope = { kind: 'global' }): Promise<number> {
    let changed = 0;
    for await (const { id } of accountsOf(directory, scope)) changed += await devices.reassess(id);
    return changed;
  }

  return {
    rules: () => readAccessRules(table),
    async add(input, scope, at = Number.POSITIVE_INFINITY) {
      const rule: AccessRule = { id: randomToken(6), ...checked(input), scope };
      await change(({ rules, defaults }) => {
        if (rules.length >= MAX_RULES) throw new InvalidRule(`there are ${MAX_RULES} rules already`);
        const place = Math.min(at, rules.length);
        return { next: { rules: rules.toSpliced(place, 0, rule), defaults }, result: undefined };
      });
      return { rule, changed: await reassess(scope) };
    },
    async remove(id) {
      const gone = await change(({ rules, defaults }) => {
        const found = rules.find((rule) => rule.id === id);
        return found && { next: { rules: rules.filter((rule) => rule !== found), defaults }, result: found };
      });
      return gone && (await reassess(gone.scope));
    },
    async setDefault(scope, action) {
      await change(({ rules, defaults }) => {
        const others = defaults.filter((one) => !sameScope(one.scope, scope));
        return { next: { rules, defaults: action ? [...others, { action, scope }] : others }, result: undefined };
      });
      return reassess(scope);
    },
    reassess,
  };
}

function checked(input: NewRule): Pick<AccessRule, 'action' | 'match' | 'note'> {
  const parsed = z.safeParse(NewRule, input);
  if (!parsed.success) {
    throw new InvalidRule(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  }
  const { action, match, note } = parsed.data;
  const told = Object.fromEntries(Object.entries(match).filter(([, value]) => value !== undefined));
  return { action, match: told, ...(note === undefined ? {} : { note }) };
}

const sameScope = (a: AccessScope, b: AccessScope) => JSON.stringify(a) === JSON.stringify(b);

async function* accountsOf(directory: Pick<Directory, 'list' | 'get'>, scope: AccessScope): AsyncGenerator<Account> {
  if (scope.kind === 'account') {
    const account = await directory.get(scope.account);
    if (account) yield account;
    return;
  }
  for await (const account of directory.list()) {
    if (scope.kind === 'global' || account.address.endsWith(`@${scope.domain}`)) yield account;
  }
}
