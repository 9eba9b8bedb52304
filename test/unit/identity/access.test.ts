import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AccessRule, type AccessRules, accessOf, judgeAccess } from '../../../lib/identity/access.ts';
import { globMatches } from '../../../lib/identity/glob.ts';
import type { Device } from '../../../lib/identity/types.ts';
import type { DeviceId, MailboxId } from '../../../lib/ops/ids.ts';

const ANN = { id: 'ann' as MailboxId, address: 'ann@one.test' };
const PHONE: Device = {
  id: 'p1' as DeviceId,
  type: 'iPhone',
  userAgent: 'Apple-iPhone14C2/2101.1',
  information: { model: 'iPhone14C2', os: 'iOS 17.1' },
  firstSeen: 1,
  lastSeen: 1,
};

let count = 0;
const rule = (
  action: AccessRule['action'],
  match: AccessRule['match'],
  scope: AccessRule['scope'] = { kind: 'global' },
) => ({ id: `r${++count}`, action, match, scope }) satisfies AccessRule;
const rules = (...given: AccessRule[]): AccessRules => ({ rules: given, defaults: [] });
const verdict = (given: AccessRules, device = PHONE, account: typeof ANN | undefined = ANN) =>
  judgeAccess(given, account, device).action;

describe('a pattern', () => {
  test.each([
    ['iphone', 'iPhone', true],
    ['iPhone', 'iPhone 5', false],
    ['iPhone*', 'iPhone14C2', true],
    ['*phone*', 'iPhone14C2', true],
    ['iOS 1?.*', 'iOS 17.1', true],
    ['iOS 1?.*', 'iOS 9.1', false],
    ['*', '', true],
    ['?', '', false],
    ['a*b*c', 'a--b--b-c', true],
    ['a*b*c', 'a--b--b-', false],
    ['*.c', 'a.cc', false],
    ['(a+)+', '(a+)+', true],
  ])('%j is all of %j: %s', (pattern, text, matches) => {
    expect(globMatches(pattern, text)).toBe(matches);
  });

  test('says what a regular expression of the same meaning says', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    const plain = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
    fc.assert(
      fc.property(letters, plain, (pattern, text) => {
        const source = pattern.replace(/\*/g, '[\\s\\S]*').replace(/\?/g, '[\\s\\S]');
        expect(globMatches(pattern, text)).toBe(new RegExp(`^${source}$`).test(text));
      }),
    );
  });

  test('of many stars does not take for ever', () => {
    expect(globMatches(`${'*a'.repeat(100)}b`, 'a'.repeat(1024))).toBe(false);
  });
});

describe('the rules', () => {
  test('without any, every device is let in', () => {
    expect(judgeAccess(rules(), ANN, PHONE)).toEqual({ action: 'allow', by: 'default' });
  });

  test.each([
    [{ type: 'iPhone' }, true],
    [{ model: 'iPhone14*' }, true],
    [{ os: 'iOS 16*' }, false],
    [{ userAgent: 'Apple-*' }, true],
    [{ type: 'iPhone', os: 'iOS 17*' }, true],
    [{ type: 'iPhone', os: 'iOS 16*' }, false],
    [{ model: '-' }, false],
  ])('%j matches: %s', (match, matches) => {
    expect(verdict(rules(rule('block', match)))).toBe(matches ? 'block' : 'allow');
  });

  test('what a device has not told matches a dash and nothing else', () => {
    const silent = { ...PHONE, information: undefined };
    expect(verdict(rules(rule('block', { model: '*' })), silent)).toBe('allow');
    expect(verdict(rules(rule('quarantine', { model: '-' })), silent)).toBe('quarantine');
  });

  test('the first that matches decides, not the strictest', () => {
    const [allow, block] = [rule('allow', { os: 'iOS*' }), rule('block', { type: '*' })];
    expect(judgeAccess(rules(allow, block), ANN, PHONE)).toEqual({ action: 'allow', by: allow.id });
    expect(judgeAccess(rules(block, allow), ANN, PHONE)).toEqual({ action: 'block', by: block.id });
  });

  test('of the account go before those of its domain, and these before those for all, in whatever order', () => {
    const global = rule('block', { type: '*' });
    const domain = rule('quarantine', { type: '*' }, { kind: 'domain', domain: 'one.test' });
    const own = rule('allow', { type: '*' }, { kind: 'account', account: ANN.id });
    expect(verdict(rules(global, domain, own))).toBe('allow');
    expect(verdict(rules(global, domain))).toBe('quarantine');
    const bob = { id: 'bob' as MailboxId, address: 'bob@two.test' };
    expect(verdict(rules(global, domain, own), PHONE, bob)).toBe('block');
  });

  test('a default holds where no rule does, the nearest first', () => {
    const given: AccessRules = {
      rules: [rule('allow', { type: 'iPad' })],
      defaults: [
        { action: 'quarantine', scope: { kind: 'global' } },
        { action: 'block', scope: { kind: 'domain', domain: 'one.test' } },
      ],
    };
    expect(verdict(given)).toBe('block');
    expect(verdict(given, PHONE, { id: 'bob' as MailboxId, address: 'bob@two.test' })).toBe('quarantine');
    expect(verdict(given, { ...PHONE, type: 'iPad' })).toBe('allow');
  });
});

test.each([
  [{}, 'allow'],
  [{ access: { action: 'block', by: 'r1' } }, 'block'],
  [{ access: { action: 'block', by: 'r1' }, decided: 'allow' }, 'allow'],
  [{ decided: 'quarantine' }, 'quarantine'],
] as const)('a device of %j may: %s', (device, access) => {
  expect(accessOf(device)).toBe(access);
});
