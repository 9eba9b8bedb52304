import { describe, expect, test } from 'vitest';
import { createDomains, domainOf, type Elsewhere, movedAddress } from '../../../lib/identity/domains.ts';
import { eachStore, openTestStore } from '../../support/stores.ts';

eachStore(
  (open) => {
    test('a domain is elsewhere until it is here again', async () => {
      const domains = createDomains((await open()).table);
      await domains.setRedirect('Example.TEST', { kind: 'server', origin: 'https://Far.test/' });
      await domains.setRedirect('@old.test', { kind: 'address', domain: 'New.test' });
      expect(await domains.redirect('EXAMPLE.test')).toEqual({ kind: 'server', origin: 'https://far.test' });
      expect(await domains.list()).toEqual([
        { domain: 'example.test', elsewhere: { kind: 'server', origin: 'https://far.test' } },
        { domain: 'old.test', elsewhere: { kind: 'address', domain: 'new.test' } },
      ]);
      await domains.setRedirect('example.test', undefined);
      expect(await domains.redirect('example.test')).toBeUndefined();
      expect(await domains.list()).toHaveLength(1);
    });
  },
  ['sqlite', 'dynamo'],
);

describe('elsewhere', () => {
  test.each([
    { kind: 'server', origin: 'http://far.test' },
    { kind: 'server', origin: 'https://far.test/path' },
    { kind: 'server', origin: 'https://u:p@far.test' },
    { kind: 'server', origin: 'https://far.test/?q' },
    { kind: 'server', origin: 'far.test' },
    { kind: 'address', domain: 'example.test' },
    { kind: 'address', domain: 'no domain' },
  ] as const)('is not %j', async (elsewhere) => {
    const domains = createDomains((await openTestStore()).table);
    await expect(domains.setRedirect('example.test', elsewhere as Elsewhere)).rejects.toThrow();
  });

  test('is told of addresses, of which only some are', () => {
    expect(domainOf('Kim@Example.test')).toBe('example.test');
    expect(domainOf('kim')).toBeUndefined();
    expect(movedAddress('kim+x@example.test', 'new.test')).toBe('kim+x@new.test');
  });
});
