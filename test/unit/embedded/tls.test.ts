import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureTls, localNames } from '../../../lib/embedded/tls.ts';
import { trustPages } from '../../../lib/embedded/trust.ts';
import type { EasRequest } from '../../../lib/http/types.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const DAY_MS = 86_400_000;
const request = (method: string, at: string): EasRequest => ({
  method,
  path: at,
  query: '',
  headers: {},
  body: new Uint8Array(),
  source: '192.0.2.1',
  origin: 'http://mail.test',
});

describe('the private CA', () => {
  let dir: string;
  const clock = new FakeClock(Date.now());
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'dp-tls-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('makes a certificate that a TLS client which trusts the CA accepts by name and by address', async () => {
    const files = await ensureTls(dir, ['mail.test', '127.0.0.1'], clock);
    const server = tls.createServer({ cert: files.cert, key: files.key }, (socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const connect = (options: tls.ConnectionOptions) =>
      new Promise<string>((resolve) => {
        const socket = tls.connect({ port, host: '127.0.0.1', ...options }, () => {
          resolve('trusted');
          socket.destroy();
        });
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.name));
      });
    try {
      expect(await connect({ ca: files.ca, servername: 'mail.test' })).toBe('trusted');
      expect(await connect({ ca: files.ca })).toBe('trusted');
      expect(await connect({ ca: files.ca, servername: 'other.test' })).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
      expect(await connect({ servername: 'mail.test' })).toBe('SELF_SIGNED_CERT_IN_CHAIN');
    } finally {
      server.close();
    }
  });

  it('is made once, and the host certificate again only for a new name or before it expires', async () => {
    const first = await ensureTls(dir, ['mail.test'], clock);
    expect(await ensureTls(dir, ['mail.test'], clock)).toEqual(first);
    const renamed = await ensureTls(dir, ['mail.test', 'push.test'], clock);
    expect(renamed.ca).toBe(first.ca);
    expect(renamed.cert).not.toBe(first.cert);
    const later = new FakeClock(clock.now() + 380 * DAY_MS);
    expect((await ensureTls(dir, ['mail.test'], later)).cert).not.toBe(renamed.cert);
  });

  it('keeps keys from other users and stays under the validity that iOS accepts', async () => {
    const files = await ensureTls(dir, localNames(), clock);
    for (const name of ['ca.key', 'host.key']) expect((await stat(path.join(dir, name))).mode & 0o077).toBe(0);
    const host = new X509Certificate(files.cert);
    expect((host.validToDate.getTime() - host.validFromDate.getTime()) / DAY_MS).toBeLessThanOrEqual(398);
    expect(host.ca).toBe(false);
    expect(new X509Certificate(files.ca).ca).toBe(true);
  });

  it('is offered to phones as a certificate and as an Apple profile that carries it', async () => {
    const files = await ensureTls(dir, ['mail.test'], clock);
    const pages = trustPages(files.ca);
    const der = new X509Certificate(files.ca).raw;
    expect(Buffer.from(pages(request('GET', '/ca.crt'))!.body as Uint8Array).equals(der)).toBe(true);
    const profile = Buffer.from(pages(request('GET', '/ca.mobileconfig'))!.body as Uint8Array).toString();
    expect(profile).toContain(der.toString('base64'));
    expect(profile).toContain('com.apple.security.root');
    expect(pages(request('POST', '/ca.crt'))).toBeUndefined();
    expect(pages(request('GET', '/ca.key'))).toBeUndefined();
    expect(await readFile(path.join(dir, 'ca.crt'), 'utf8')).toBe(files.ca);
  });
});
