import { createHash } from 'node:crypto';
import type { EASProvisionDoc } from '../documents/policy.ts';
import { ProvisionResponse } from '../documents/provision.ts';
import type { ProtocolVersion } from '../protocol/versions.ts';
import { DEFAULT_LIMITS, decode, encode } from '../wbxml/index.ts';
import { POLICY_SETTINGS, type PolicySettings, type SettingRule } from './policy-settings.ts';
import { droppedByWap, wapDocument } from './wap-policy.ts';

/** Says which setting is wrong and what it takes. */
export class InvalidPolicy extends Error {
  override readonly name = 'InvalidPolicy';
}

export interface Policy {
  readonly name: string;
  /** Nothing set: nothing is demanded, and every device is let in. */
  readonly settings: PolicySettings;
  /** Devices that say that they apply it in part may sync (otherwise status 139). */
  readonly allowPartial: boolean;
  /** Devices that say that somebody else manages them may sync (otherwise status 145). */
  readonly allowExternal: boolean;
  /**
   * Requests without any policy key: told to provision (142), refused as those of a device that cannot (141), or let
   * in. A device that sends a key of 0 can provision and is always told to.
   */
  readonly withoutKey: 'provision' | 'refuse' | 'allow';
}

/** The policy of accounts that name none. It need not exist. */
export const DEFAULT_POLICY = 'default';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const WITHOUT_KEY = ['provision', 'refuse', 'allow'] as const;
const MOST_ENTRIES = 500;
const MOST_TEXT = 256;

/** A policy from outside: a file, a command line, a row. @throws InvalidPolicy */
export function parsePolicy(name: string, input: unknown): Policy {
  if (!NAME.test(name)) throw new InvalidPolicy('a policy is named by up to 64 letters, digits, dots and dashes');
  const {
    settings = {},
    allowPartial = false,
    allowExternal = false,
    withoutKey = 'provision',
    ...rest
  } = record(input);
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new InvalidPolicy(`a policy has no ${JSON.stringify(unknown.slice(0, 64))}`);
  for (const [flag, value] of Object.entries({ allowPartial, allowExternal })) {
    if (typeof value !== 'boolean') throw new InvalidPolicy(`${flag} is true or false`);
  }
  if (!isOneOf(WITHOUT_KEY, withoutKey)) throw new InvalidPolicy(`withoutKey is one of ${WITHOUT_KEY.join(', ')}`);
  return {
    name,
    settings: parseSettings(settings),
    allowPartial: allowPartial === true,
    allowExternal: allowExternal === true,
    withoutKey,
  };
}

function parseSettings(input: unknown): PolicySettings {
  const settings = record(input);
  for (const [name, value] of Object.entries(settings)) {
    if (!Object.hasOwn(POLICY_SETTINGS, name)) {
      throw new InvalidPolicy(`there is no setting ${JSON.stringify(name.slice(0, 64))}`);
    }
    const wrong = complaint(POLICY_SETTINGS[name as keyof typeof POLICY_SETTINGS], value);
    if (wrong) throw new InvalidPolicy(`${name} ${wrong}`);
  }
  return settings as PolicySettings;
}

function complaint(rule: SettingRule, value: unknown): string | undefined {
  if (rule.kind === 'boolean') return typeof value === 'boolean' ? undefined : 'is true or false';
  if (rule.kind === 'number') {
    if (rule.only) return rule.only.includes(value as number) ? undefined : `is one of ${rule.only.join(', ')}`;
    const fits = Number.isInteger(value) && (value as number) >= rule.min && (value as number) <= rule.max;
    return fits ? undefined : `is a whole number from ${rule.min} to ${rule.max}`;
  }
  const fits =
    Array.isArray(value) &&
    value.length <= MOST_ENTRIES &&
    value.every(
      (entry) => typeof entry === 'string' && entry !== '' && entry.length <= MOST_TEXT && !entry.includes('\0'),
    );
  return fits ? undefined : `is a list of up to ${MOST_ENTRIES} texts`;
}

/** Whether a device must do anything to comply. */
export const demandsSomething = (policy: Policy) => Object.keys(policy.settings).length > 0;

/**
 * The document that states a policy. Every setting is in it: one that was demanded before and is no longer must be
 * sent with its default or empty (MS-ASPROV R652), and what a device was sent before is not remembered.
 */
export function policyDocument(settings: PolicySettings): EASProvisionDoc {
  const entries = Object.entries(POLICY_SETTINGS).map(([name, rule]: [string, SettingRule]) => {
    const value = settings[name as keyof PolicySettings];
    if (rule.kind === 'list') return [name, { [rule.child]: value ?? [] }];
    return [name, value ?? rule.unset];
  });
  return Object.fromEntries(entries) as EASProvisionDoc;
}

/** Nothing to comply with, as short as it can be said. Some clients fail where a policy is refused them; none here. */
export const NO_DEMANDS: EASProvisionDoc = { DevicePasswordEnabled: false };

export interface RenderedPolicy {
  /**
   * Of what a device of this version is really sent. Hashing settings that its version does not have would tell
   * Outlook on 12.x for ever that its policy has changed.
   */
  readonly hash: string;
  /** Settings of the policy that this version has no element for. */
  readonly dropped: readonly string[];
}

export function renderPolicy(policy: Policy, version: ProtocolVersion): RenderedPolicy {
  if (version < FIRST_WITH_DOCUMENT) {
    return { hash: hashOf(wapDocument(policy.settings)), dropped: droppedByWap(policy.settings) };
  }
  const bytes = encode(ProvisionResponse, envelope(policyDocument(policy.settings)), version);
  const sent =
    decode(ProvisionResponse, bytes, version, DEFAULT_LIMITS).Policies?.Policy[0]?.Data?.EASProvisionDoc ?? {};
  return {
    hash: hashOf(bytes),
    dropped: Object.keys(policy.settings).filter((name) => !Object.hasOwn(sent, name)),
  };
}

/** EASProvisionDoc came with 12.0; before, policies are text (MS-ASPROV 2.2.2.24). */
const FIRST_WITH_DOCUMENT = 120;

const hashOf = (sent: Uint8Array | string) => createHash('sha256').update(sent).digest('base64url').slice(0, 22);

function envelope(document: EASProvisionDoc): ProvisionResponse {
  return { Status: 1, Policies: { Policy: [{ PolicyType: '', Status: 1, Data: { EASProvisionDoc: document } }] } };
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InvalidPolicy('a policy and its settings are objects');
}

function isOneOf<T extends string>(values: readonly T[], value: unknown): value is T {
  return (values as readonly unknown[]).includes(value);
}
