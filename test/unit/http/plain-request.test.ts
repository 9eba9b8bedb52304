import { describe, expect, it } from 'vitest';
import { recognise } from '../../../lib/http/plain-request.ts';

const BODY = '\x03\x01\x6a\x00';
const ping = (
  fields: readonly string[] = ['Host: a', `Content-Length: ${BODY.length}`],
  line = 'POST /p?Cmd=Ping HTTP/1.1',
) => `${[line, ...fields].join('\r\n')}\r\n\r\n`;
const see = (text: string) => recognise(Buffer.from(text, 'latin1'));

describe('a plain request', () => {
  it('is recognised whole, with its fields in lower case and trimmed', () => {
    const text = ping(['Host:a', 'X-One: \t two words \t', 'Empty:', 'Content-Length: 4']) + BODY;
    expect(see(text)).toEqual({
      method: 'POST',
      target: '/p?Cmd=Ping',
      headers: { host: 'a', 'x-one': 'two words', empty: '', 'content-length': '4' },
      body: Buffer.from(BODY, 'latin1'),
    });
  });

  it('may have no body', () => {
    expect(see(ping(['Host: a', 'Content-Length: 0']))).toMatchObject({ method: 'POST', body: Buffer.alloc(0) });
    expect(see(ping(['Host: a'], 'OPTIONS /p HTTP/1.1'))).toMatchObject({ method: 'OPTIONS', body: Buffer.alloc(0) });
  });

  it('is waited for at every split', () => {
    const text = ping() + BODY;
    for (let length = 1; length < text.length; length++) expect(see(text.slice(0, length)), `${length}`).toBe('more');
    expect(see(text)).toMatchObject({ method: 'POST' });
  });

  it('may say keep-alive', () => {
    expect(see(ping(['Host: a', 'Connection: Keep-Alive', 'Content-Length: 0']))).toMatchObject({ method: 'POST' });
  });
});

describe('what node:http shall read', () => {
  const length = 'Content-Length: 0';
  const others: [string, string][] = [
    ['another method', 'GET / HTTP/1.1\r\n'],
    ['a method in lower case', 'post / HTTP/1.1\r\n'],
    ['empty lines ahead', `\r\n${ping()}`],
    ['a TLS hello', '\x16\x03\x01'],
    ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n'],
    ['HTTP/1.0', ping(['Host: a', length], 'POST /p HTTP/1.0')],
    ['an absolute target', ping(['Host: a', length], 'POST http://a/p HTTP/1.1')],
    ['a target with a space', ping(['Host: a', length], 'POST /p q HTTP/1.1')],
    ['two spaces', ping(['Host: a', length], 'POST  /p HTTP/1.1')],
    ['a fragment', ping(['Host: a', length], 'POST /p#q HTTP/1.1')],
    ['no Host', ping([length])],
    ['no length', ping(['Host: a'])],
    ['two lengths', ping(['Host: a', length, length])],
    ['a signed length', ping(['Host: a', 'Content-Length: +1'])],
    ['a list of lengths', ping(['Host: a', 'Content-Length: 0, 0'])],
    ['a hexadecimal length', ping(['Host: a', 'Content-Length: 0x1'])],
    ['a large length', ping(['Host: a', 'Content-Length: 99999'])],
    ['an endless length', ping(['Host: a', 'Content-Length: 99999999999999999999'])],
    ['chunks', ping(['Host: a', length, 'Transfer-Encoding: chunked'])],
    ['an expectation', ping(['Host: a', length, 'Expect: 100-continue'])],
    ['an upgrade', ping(['Host: a', length, 'Upgrade: h2c'])],
    ['trailers', ping(['Host: a', length, 'Trailer: x'])],
    ['Connection: close', ping(['Host: a', length, 'Connection: close'])],
    ['a connection option', ping(['Host: a', length, 'Connection: keep-alive, x'])],
    ['a repeated field', ping(['Host: a', length, 'X: 1', 'x: 2'])],
    ['a folded field', ping(['Host: a', length, 'X: 1', ' 2'])],
    ['a space before the colon', ping(['Host: a', length, 'X : 1'])],
    ['a field without colon', ping(['Host: a', length, 'X'])],
    ['a field without name', ping(['Host: a', length, ': x'])],
    ['a bare LF', ping(['Host: a', length, 'X: 1\nY: 2'])],
    ['a bare CR', ping(['Host: a', length, 'X: 1\rY: 2'])],
    ['a NUL', ping(['Host: a', length, 'X: \0'])],
    ['a DEL', ping(['Host: a', length, 'X: \x7f'])],
    ['__proto__', ping(['Host: a', length, '__proto__: x'])],
    ['a pipelined request', ping(['Host: a', length]) + ping()],
    ['one byte after the body', `${ping()}${BODY}P`],
    ['too many fields', ping(['Host: a', length, ...Array.from({ length: 70 }, (_, n) => `X-${n}: ${n}`)])],
    ['a large head', ping(['Host: a', length, `X: ${'a'.repeat(9000)}`])],
    ['a large head, unfinished', `POST / HTTP/1.1\r\nX: ${'a'.repeat(9000)}`],
  ];
  it.each(others)('%s', (_, text) => {
    expect(see(text)).toBe('other');
  });

  it('is told from long runs of blanks in linear time', () => {
    const began = process.cpuUsage();
    for (let n = 0; n < 50; n++) see(ping(['Host: a', length, `X:${' '.repeat(7900)}\x01`]));
    expect(process.cpuUsage(began).user).toBeLessThan(500_000);
  });
});
