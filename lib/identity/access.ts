import type { MailboxId } from '../ops/ids.ts';
import { globMatches } from './glob.ts';
import { domainPart } from './names.ts';
import type { Account, Device } from './types.ts';

export const ACCESS_ACTIONS = ['allow', 'block', 'quarantine'] as const;
/** What a device may do: everything, nothing, or only what lets it tell of itself until somebody has decided. */
export type AccessAction = (typeof ACCESS_ACTIONS)[number];

/** For whom a rule or a default holds. */
export type AccessScope =
  | { readonly kind: 'global' }
  | { readonly kind: 'domain'; readonly domain: string }
  | { readonly kind: 'account'; readonly account: MailboxId };

/** What of a device a rule can look at. */
export const ACCESS_FIELDS = ['type', 'model', 'os', 'userAgent'] as const;
export type AccessField = (typeof ACCESS_FIELDS)[number];

export interface AccessRule {
  readonly id: string;
  readonly action: AccessAction;
  readonly scope: AccessScope;
  /** Patterns with `*` and `?`, all of which must match. `-` matches a device that has not told. At least one. */
  readonly match: { readonly [Field in AccessField]?: string };
  /** For people. */
  readonly note?: string;
}

/** What holds where no rule matches. */
export interface AccessDefault {
  readonly action: AccessAction;
  readonly scope: AccessScope;
}

/** All rules of a server, in their order, and the defaults, one for a scope. */
export interface AccessRules {
  readonly rules: readonly AccessRule[];
  readonly defaults: readonly AccessDefault[];
}

export const NO_RULES: AccessRules = { rules: [], defaults: [] };

/** What the rules say of a device, and which of them: its id, or `default`. */
export interface AccessDecision {
  readonly action: AccessAction;
  readonly by: string;
}

/** Stands for "has not told" in a pattern. */
const UNTOLD = '-';
/** The nearer to the account, the earlier. */
const NEAREST = ['account', 'domain', 'global'] as const;

type Asked = Pick<Device, 'type' | 'userAgent' | 'information'>;

/**
 * The first rule that matches, those of the account before those of its domain before those for all, each in their
 * order; then the nearest default; then: allowed.
 */
export function judgeAccess(
  { rules, defaults }: AccessRules,
  account: Pick<Account, 'id' | 'address'> | undefined,
  device: Asked,
): AccessDecision {
  for (const kind of NEAREST) {
    const rule = rules.find(({ scope, match }) => scope.kind === kind && covers(scope, account) && fits(match, device));
    if (rule) return { action: rule.action, by: rule.id };
  }
  for (const kind of NEAREST) {
    const found = defaults.find(({ scope }) => scope.kind === kind && covers(scope, account));
    if (found) return { action: found.action, by: 'default' };
  }
  return { action: 'allow', by: 'default' };
}

function covers(scope: AccessScope, account: Pick<Account, 'id' | 'address'> | undefined): boolean {
  if (scope.kind === 'global') return true;
  if (!account) return false;
  return scope.kind === 'account' ? scope.account === account.id : scope.domain === domainPart(account.address);
}

function fits(match: AccessRule['match'], device: Asked): boolean {
  return ACCESS_FIELDS.every((field) => {
    const pattern = match[field];
    if (pattern === undefined) return true;
    const told = toldBy(device)[field];
    return told ? globMatches(pattern, told) : pattern === UNTOLD;
  });
}

/** The header of the request is what every device sends; the one in its own words is only a stand-in for it. */
const toldBy = ({ type, userAgent, information }: Asked): Readonly<Record<AccessField, string | undefined>> => ({
  type,
  model: information?.model,
  os: information?.os,
  userAgent: userAgent ?? information?.userAgent,
});

/** What a device may do now: what somebody decided by hand, or what the rules said. A wipe goes before both. */
export const accessOf = (device: Pick<Device, 'decided' | 'access'>): AccessAction =>
  device.decided ?? device.access?.action ?? 'allow';
