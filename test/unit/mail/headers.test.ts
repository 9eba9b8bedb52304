import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Headers, parseStructured } from '../../../lib/mail/headers.ts';

describe('header fields', () => {
  const headers = new Headers([
    { key: 'received', value: 'new' },
    { key: 'subject', value: 'x' },
    { key: 'received', value: 'old' },
  ]);

  test('are found by name, the first and all of them in their order', () => {
    expect(headers.get('received')).toBe('new');
    expect(headers.all('received')).toEqual(['new', 'old']);
    expect(headers.all('subject')).toEqual(['x']);
  });

  test('that are not there are told as such, also by names that objects have', () => {
    expect([headers.get('to'), headers.get('constructor')]).toEqual([undefined, undefined]);
    expect(headers.all('__proto__')).toEqual([]);
  });
});

describe('a structured field', () => {
  test.each([
    [undefined, '', {}],
    ['', '', {}],
    ['Text/HTML', 'text/html', {}],
    [' text/plain ; Charset=UTF-8', 'text/plain', { charset: 'UTF-8' }],
    [
      'multipart/signed; protocol="application/pgp-signature"; micalg=x',
      'multipart/signed',
      {
        protocol: 'application/pgp-signature',
        micalg: 'x',
      },
    ],
    ['a/b; x=1; x=2', 'a/b', { x: '1' }],
    ['a/b; nothing; =v; y=', 'a/b', { '': 'v', y: '' }],
    ['a/b; x="two\nlines"', 'a/b', { x: 'two\nlines' }],
    ['a/b; x=1=2', 'a/b', { x: '1=2' }],
  ])('%j', (text, value, params) => {
    expect(parseStructured(text)).toEqual({ value, params });
  });

  test('is read up to 4,096 characters', () => {
    expect(parseStructured(`a/b; x=${'y'.repeat(5000)}; z=1`).params).toEqual({ x: 'y'.repeat(4096 - 7) });
  });

  test('of any text has a value in lower case and parameters that are texts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { value, params } = parseStructured(text);
        expect(value).toBe(value.trim().toLowerCase());
        for (const one of Object.values(params)) expect(typeof one).toBe('string');
      }),
    );
  });
});
