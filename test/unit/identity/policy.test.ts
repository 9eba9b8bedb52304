import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProvisionResponse } from '../../../lib/documents/provision.ts';
import { InvalidPolicy, parsePolicy, policyDocument, renderPolicy } from '../../../lib/identity/policy.ts';
import { POLICY_SETTINGS, type PolicySettings, type SettingRule } from '../../../lib/identity/policy-settings.ts';
import { type ProtocolVersion, SUPPORTED_VERSIONS } from '../../../lib/protocol/versions.ts';
import { DEFAULT_LIMITS, decode, encode, toXml } from '../../../lib/wbxml/index.ts';

const RULES = Object.entries(POLICY_SETTINGS) as [keyof PolicySettings, SettingRule][];
const policy = (settings: PolicySettings) => parsePolicy('p', { settings });

/** Every value that a rule allows, and nothing else. */
function valuesOf(rule: SettingRule): fc.Arbitrary<unknown> {
  if (rule.kind === 'boolean') return fc.boolean();
  if (rule.kind === 'list') return fc.array(fc.stringMatching(/^[\w.-]{1,40}$/), { maxLength: 5 });
  return rule.only ? fc.constantFrom(...rule.only) : fc.integer({ min: rule.min, max: rule.max });
}
const settings = fc.record(Object.fromEntries(RULES.map(([name, rule]) => [name, valuesOf(rule)])), {
  requiredKeys: [],
}) as fc.Arbitrary<PolicySettings>;

function send(given: PolicySettings, version: ProtocolVersion): Record<string, unknown> {
  const response: ProvisionResponse = {
    Status: 1,
    Policies: { Policy: [{ PolicyType: 'x', Status: 1, Data: { EASProvisionDoc: policyDocument(given) } }] },
  };
  const bytes = encode(ProvisionResponse, response, version);
  return { ...decode(ProvisionResponse, bytes, version, DEFAULT_LIMITS).Policies!.Policy[0]!.Data!.EASProvisionDoc };
}

/** Versions that have an element for every setting; 12.0 has some, 2.5 none (wap-policy.test.ts). */
const WHOLE = SUPPORTED_VERSIONS.filter((version) => version >= 121);

describe('a policy from outside', () => {
  test('may be empty', () => {
    expect(parsePolicy('default', {})).toEqual({
      name: 'default',
      settings: {},
      allowPartial: false,
      allowExternal: false,
      withoutKey: 'provision',
    });
  });

  test('is read back as it was read', () => {
    fc.assert(
      fc.property(
        settings,
        fc.boolean(),
        fc.constantFrom('provision', 'refuse', 'allow'),
        (given, flag, withoutKey) => {
          const { name, ...parsed } = parsePolicy('a.b-c', { settings: given, allowPartial: flag, withoutKey });
          expect(parsePolicy(name, parsed)).toEqual({ name, ...parsed });
          expect(parsed.settings).toEqual(given);
        },
      ),
    );
  });

  test.each([
    ['no object', null],
    ['a list', []],
    ['an unknown member', { allowEverything: true }],
    ['settings that are no object', { settings: [] }],
    ['an unknown setting', { settings: { AllowEverything: true } }],
    ['the name of an inherited property', { settings: { toString: true } }],
    ['a flag that is none', { allowPartial: 'yes' }],
    ['an unknown way with devices without a key', { withoutKey: 'maybe' }],
    ['a number for a flag', { settings: { AllowCamera: 1 } }],
    ['a flag for a number', { settings: { AllowBluetooth: true } }],
    ['text for a number', { settings: { MinDevicePasswordLength: '4' } }],
    ['a fraction', { settings: { MinDevicePasswordLength: 4.5 } }],
    ['no number', { settings: { MinDevicePasswordLength: Number.NaN } }],
    ['a value between the valid ones', { settings: { MaxCalendarAgeFilter: 3 } }],
    ['a list that is none', { settings: { ApprovedApplicationList: 'a' } }],
    ['a list of numbers', { settings: { ApprovedApplicationList: [1] } }],
    ['an empty name', { settings: { UnapprovedInROMApplicationList: [''] } }],
    ['a NUL, which would inject an element', { settings: { UnapprovedInROMApplicationList: ['a\0b'] } }],
    ['a list without end', { settings: { ApprovedApplicationList: Array(501).fill('a') } }],
  ])('with %s is refused', (_, input) => {
    expect(() => parsePolicy('p', input)).toThrow(InvalidPolicy);
  });

  test.each(['', ' ', '-p', 'a b', 'a/b', 'x'.repeat(65)])('cannot be named %j', (name) => {
    expect(() => parsePolicy(name, {})).toThrow(InvalidPolicy);
  });

  test.each(
    RULES.flatMap(([name, rule]) =>
      rule.kind === 'number' && !rule.only ? [[name, rule.min, rule.max] as const] : [],
    ),
  )('%s takes %i to %i and nothing beyond', (name, min, max) => {
    for (const value of [min, max]) expect(policy({ [name]: value }).settings).toEqual({ [name]: value });
    for (const value of [min - 1, max + 1]) expect(() => policy({ [name]: value })).toThrow(InvalidPolicy);
  });

  test.each([
    ['MaxCalendarAgeFilter', [0, 4, 5, 6, 7], [1, 2, 3, 8]],
    ['MaxEmailAgeFilter', [0, 1, 2, 3, 4, 5], [-1, 6]],
    ['RequireSignedSMIMEAlgorithm', [0, 1], [-1, 2]],
    ['RequireEncryptionSMIMEAlgorithm', [0, 1, 2, 3, 4], [-1, 5]],
    ['MaxEmailBodyTruncationSize', [-1, 0, 500], [-2]],
    ['MaxEmailHTMLBodyTruncationSize', [-1, 0, 500], [-2]],
  ] as const)('%s takes the values of its table [MS-ASPROV R245 R257 R266 R272 R338 R351]', (name, valid, invalid) => {
    for (const value of valid) expect(policy({ [name]: value }).settings).toEqual({ [name]: value });
    for (const value of invalid) expect(() => policy({ [name]: value })).toThrow(InvalidPolicy);
  });
});

describe('the document of a policy', () => {
  test('holds every setting of the schema and no other, set or not [MS-ASPROV R235 R652 R1044 R1045]', () => {
    fc.assert(
      fc.property(settings, (given) => {
        const sent = policyDocument(given) as Record<string, unknown>;
        expect(Object.keys(sent)).toEqual(RULES.map(([name]) => name));
        for (const [name, rule] of RULES) {
          const unset = rule.kind === 'list' ? [] : rule.unset;
          const value = rule.kind === 'list' ? (sent[name] as Record<string, unknown>)[rule.child] : sent[name];
          expect(value).toEqual(given[name] ?? unset);
        }
      }),
    );
  });

  test.each(WHOLE)('reaches a device of version %i whole', (version) => {
    fc.assert(
      fc.property(settings, (given) => {
        const sent = send(given, version);
        for (const [name, rule] of RULES) {
          const value = given[name];
          if (value === undefined) continue;
          if (rule.kind !== 'list') expect(sent[name]).toEqual(value);
          else if ((value as readonly string[]).length > 0) expect(sent[name]).toEqual({ [rule.child]: value });
        }
      }),
      { numRuns: 30 },
    );
  });

  test('says "not set" by an empty tag where a number would be a demand [MS-ASPROV R673 R674]', () => {
    const bytes = encode(
      ProvisionResponse,
      {
        Status: 1,
        Policies: { Policy: [{ PolicyType: 'x', Status: 1, Data: { EASProvisionDoc: policyDocument({}) } }] },
      },
      161,
    );
    const xml = toXml(bytes);
    for (const name of [
      'MinDevicePasswordLength',
      'MaxInactivityTimeDeviceLock',
      'MaxDevicePasswordFailedAttempts',
      'MaxAttachmentSize',
      'DevicePasswordExpiration',
    ]) {
      expect(xml).toMatch(new RegExp(`<(\\w+:)?${name}\\s*/>`));
    }
    expect(xml).toMatch(/DevicePasswordEnabled[^>]*>0</);
    expect(xml).toMatch(/AllowCamera[^>]*>1</);
  });
});

describe('the hash of a policy', () => {
  test('differs exactly where a device is sent something else', () => {
    fc.assert(
      fc.property(settings, settings, fc.constantFrom(...WHOLE), (one, other, version) => {
        const same = JSON.stringify(policyDocument(one)) === JSON.stringify(policyDocument(other));
        expect(renderPolicy(policy(one), version).hash === renderPolicy(policy(other), version).hash).toBe(same);
      }),
      { numRuns: 50 },
    );
  });

  test('says nothing of settings that the version does not have: Outlook on 12.x would never be content', () => {
    const camera = renderPolicy(policy({ AllowCamera: false }), 120);
    expect(camera).toEqual({ hash: renderPolicy(policy({}), 120).hash, dropped: ['AllowCamera'] });
    expect(renderPolicy(policy({ AllowCamera: false }), 121).hash).not.toBe(renderPolicy(policy({}), 121).hash);
  });

  test.each(WHOLE)('nothing of a policy is dropped for version %i', (version) => {
    const all = Object.fromEntries(
      RULES.map(([name, rule]) => [
        name,
        rule.kind === 'list' ? ['a'] : rule.kind === 'number' ? (rule.only?.[1] ?? rule.max) : true,
      ]),
    );
    expect(renderPolicy(policy(all), version).dropped).toEqual([]);
  });

  test('is the same for all versions that are sent the same', () => {
    const hashes = WHOLE.map((version) => renderPolicy(policy({ MinDevicePasswordLength: 6 }), version).hash);
    expect(new Set(hashes).size).toBe(1);
  });
});
