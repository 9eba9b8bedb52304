import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidAddress, normaliseAddress, parseAddress, parseLogin, withoutTag } from '../../../lib/identity/names.ts';

describe('addresses', () => {
  test.each([
    ['Ada@Example.COM', 'ada@example.com'],
    ['  ada@example.com ', 'ada@example.com'],
    ['ada@exämple.de', 'ada@xn--exmple-cua.de'],
    ['zoe\u0308@example.com', 'zoë@example.com'],
    ["o'hara+x@example.com", "o'hara+x@example.com"],
  ])('%s is stored as %s', (text, stored) => {
    expect(normaliseAddress(text)).toBe(stored);
  });

  test.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'a b@example.com',
    'ada@@example.com',
    'ada\u0000@example.com',
    '<ada@example.com>',
    'CORP\\ada@example.com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a'.repeat(400)}.com`,
  ])('%j is refused', (text) => {
    expect(parseAddress(text)).toBeUndefined();
    expect(() => normaliseAddress(text)).toThrow(InvalidAddress);
  });

  test('a stored address is its own stored form, whatever was typed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.emailAddress(), fc.string({ unit: 'binary', maxLength: 40 })), (text) => {
        const once = parseAddress(text);
        if (once !== undefined) expect(parseAddress(once)).toBe(once);
      }),
    );
  });

  test.each([
    ['ada+news@example.com', 'ada@example.com'],
    ['ada+a+b@example.com', 'ada@example.com'],
    ['ada@example.com', undefined],
    ['+ada@example.com', undefined],
    ['ada@plus+domain', undefined],
  ])('%s without its tag is %s', (address, plain) => {
    expect(withoutTag(address)).toBe(plain);
  });
});

describe('logins', () => {
  test.each([
    ['ada@example.com', { address: 'ada@example.com' }],
    [' ADA ', { bare: 'ada', domain: undefined }],
    ['CORP\\Ada', { bare: 'ada', domain: 'corp' }],
    ['corp.example\\ada', { bare: 'ada', domain: 'corp.example' }],
    ['CORP\\ada@example.com', { address: 'ada@example.com' }],
    ['\\ada', { bare: 'ada', domain: undefined }],
    ['', undefined],
    ['CORP\\', undefined],
    ['a@b@c', undefined],
    ['a b', undefined],
    ['x'.repeat(5000), undefined],
  ])('%j is understood as %j', (text, login) => {
    expect(parseLogin(text)).toEqual(login);
  });
});
