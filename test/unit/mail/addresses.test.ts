import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { displayNames, formatAddress, formatAddresses, parseAddresses } from '../../../lib/mail/addresses.ts';

describe('people of a field', () => {
  test.each([
    ['ada@example.test', [['', 'ada@example.test']]],
    [
      '"Lovelace, Ada" <ada@example.test>, bob@example.test',
      [
        ['Lovelace, Ada', 'ada@example.test'],
        ['', 'bob@example.test'],
      ],
    ],
    [
      'Team: Ada <ada@example.test>, bob@example.test;',
      [
        ['Ada', 'ada@example.test'],
        ['', 'bob@example.test'],
      ],
    ],
    ['undisclosed-recipients:;', []],
    ['Bob', [['Bob', '']]],
    ['', []],
    [' , ', []],
  ])('%j', (value, people) => {
    expect(parseAddresses([value]).map(({ name, address }) => [name, address])).toEqual(people);
  });

  test('of several fields stand one after the other', () => {
    expect(parseAddresses(['a@x.test', 'b@x.test']).map(({ address }) => address)).toEqual(['a@x.test', 'b@x.test']);
  });

  test('have no line breaks, whatever the field', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        for (const { name, address } of parseAddresses([value])) {
          expect(`${name}${address}`).not.toMatch(/[\r\n\0]/);
          expect(name + address).not.toBe('');
        }
      }),
    );
  });
});

describe('an address as it is shown', () => {
  test.each([
    ['Ada', 'ada@x.test', '"Ada" <ada@x.test>'],
    ['Ada "the first" \\ L', 'ada@x.test', '"Ada the first  L" <ada@x.test>'],
    ['', 'ada@x.test', 'ada@x.test'],
    ['ada@x.test', 'ada@x.test', 'ada@x.test'],
    ['Ada', '', 'Ada'],
  ])('of %j and %j is %j', (name, address, expected) => {
    expect(formatAddress({ name, address })).toBe(expected);
  });
});

describe('lists of people', () => {
  const people = [
    { name: 'Ada', address: 'ada@x.test' },
    { name: '', address: 'bob@x.test' },
    { name: 'C; D', address: 'cd@x.test' },
  ];

  test('are joined by what the element wants [MS-ASEMAIL R331 R787 R711]', () => {
    expect(formatAddresses(people.slice(0, 2), ', ', 100)).toBe('"Ada" <ada@x.test>, bob@x.test');
    expect(formatAddresses(people.slice(0, 2), ';', 100)).toBe('"Ada" <ada@x.test>;bob@x.test');
  });

  test('of names have the address where there is no name, and no semicolon within [MS-ASEMAIL R399 R400]', () => {
    expect(displayNames(people, 100)).toBe('Ada;bob@x.test;C, D');
  });

  test.each([
    [18, '"Ada" <ada@x.test>'],
    [17, ''],
    [29, '"Ada" <ada@x.test>'],
    [30, '"Ada" <ada@x.test>, bob@x.test'],
  ])('within %i bytes hold whole addresses', (bytes, expected) => {
    expect(formatAddresses(people, ', ', bytes)).toBe(expected);
  });

  test('are measured in bytes, not in characters', () => {
    expect(
      displayNames(
        [
          { name: 'éé', address: '' },
          { name: 'x', address: '' },
        ],
        5,
      ),
    ).toBe('éé');
    expect(
      displayNames(
        [
          { name: 'éé', address: '' },
          { name: 'x', address: '' },
        ],
        6,
      ),
    ).toBe('éé;x');
  });
});
