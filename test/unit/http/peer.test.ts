import { describe, expect, it } from 'vitest';
import { peerOf } from '../../../lib/http/peer.ts';
import { splitTarget } from '../../../lib/http/target.ts';

const from = (forwarded: string | undefined, hops: number) =>
  peerOf({ host: 'mail.example.com', 'x-forwarded-for': forwarded }, '::ffff:10.0.0.1', false, hops).source;

describe('the source of a request', () => {
  it('is the peer of the socket where no proxy is trusted, whatever the header claims', () => {
    expect(from('203.0.113.9', 0)).toBe('10.0.0.1');
    expect(from(undefined, 0)).toBe('10.0.0.1');
  });

  it('is the entry that the outermost trusted proxy wrote', () => {
    expect(from('6.6.6.6, 203.0.113.9', 1)).toBe('203.0.113.9');
    expect(from('6.6.6.6, 203.0.113.9, 198.51.100.2', 2)).toBe('203.0.113.9');
  });

  it('is the leftmost entry where there are fewer than trusted proxies, and the peer where there is none', () => {
    expect(from('203.0.113.9', 2)).toBe('203.0.113.9');
    expect(from(undefined, 2)).toBe('10.0.0.1');
    expect(from('', 1)).toBe('10.0.0.1');
  });

  it('leaves out a port', () => {
    expect(from('203.0.113.9:51820', 1)).toBe('203.0.113.9');
    expect(from('2001:db8::1', 1)).toBe('2001:db8::1');
  });
});

describe('the origin', () => {
  it('is the Host with the scheme of the socket', () => {
    expect(peerOf({ host: 'mail.example.com:8080' }, '', false, 0).origin).toBe('http://mail.example.com:8080');
    expect(peerOf({ host: '[::1]:443' }, '', true, 0).origin).toBe('https://[::1]:443');
  });

  it('takes the scheme of a trusted proxy alone', () => {
    const headers = { host: 'mail.example.com', 'x-forwarded-proto': 'https' };
    expect(peerOf(headers, '', false, 1).origin).toBe('https://mail.example.com');
    expect(peerOf(headers, '', false, 0).origin).toBe('http://mail.example.com');
    expect(peerOf({ ...headers, 'x-forwarded-proto': 'gopher' }, '', false, 1).origin).toBe('http://mail.example.com');
  });

  it.each(['a"><script>', 'a b', 'a/b', 'a@b', ''])('does not repeat the Host %j', (host) => {
    expect(peerOf({ host }, '', false, 0).origin).toBe('http://localhost');
  });
});

describe('a request target', () => {
  const targets: [string, string, string][] = [
    ['/a', '/a', ''],
    ['/a?b=c', '/a', 'b=c'],
    ['/a?b?c', '/a', 'b?c'],
    ['/?', '/', ''],
    ['http://host/a?b', '/a', 'b'],
    ['HTTPS://host?b', '/', 'b'],
    ['*', '*', ''],
  ];
  it.each(targets)('%s has the path %s and the query %j', (target, path, query) => {
    expect(splitTarget(target)).toEqual({ path, query });
  });
});
