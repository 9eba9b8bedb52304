import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createSmtpServer } from '../../../lib/delivery/smtp.ts';
import { type Certificate, followCertificate, readCertificate } from '../../../lib/embedded/certificate.ts';
import { ensureTls } from '../../../lib/embedded/tls.ts';
import { trustPages } from '../../../lib/embedded/trust.ts';
import { listenHybrid } from '../../../lib/http/hybrid.ts';
import { listenNode } from '../../../lib/http/node.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';

const HOUR_MS = 3_600_000;
let dir: string;
let old: Certificate;
let renewed: Certificate;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'dp-certificate-'));
  const clock = new FakeClock(Date.now());
  old = await ensureTls(path.join(dir, 'old'), ['mail.test'], clock);
  renewed = await ensureTls(path.join(dir, 'new'), ['mail.test'], clock);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const fingerprint = ({ cert }: Certificate) => new X509Certificate(cert).fingerprint256;

/** The certificate that the peer shows on a new connection, and the connection. */
async function shown(options: tls.ConnectionOptions) {
  const socket = tls.connect({ host: '127.0.0.1', rejectUnauthorized: false, ...options });
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  return { socket, fingerprint: socket.getPeerCertificate().fingerprint256 };
}

describe('a certificate that is renewed', () => {
  function following(reads: (Certificate | Error)[]) {
    const clock = new FakeClock();
    const used: Certificate[] = [];
    const events: string[] = [];
    const note = (event: string) => void events.push(event);
    const read = async () => {
      const next = reads.length > 1 ? reads.shift()! : reads[0]!;
      if (next instanceof Error) throw next;
      return next;
    };
    const log = { ...silentLog, info: note, warn: note };
    const stop = followCertificate(old, read, { clock, log }, (next) => {
      if (next.key === 'refused') throw new Error('no pair');
      used.push(next);
    });
    const hours = async (count: number) => {
      for (let n = 0; n < count; n++) {
        await clock.advance(HOUR_MS);
        await settle();
      }
    };
    return { used, events, hours, stop, clock };
  }

  it('is given once to those who serve it, within the hour', async () => {
    const { used, events, hours } = following([old, old, renewed]);
    await hours(2);
    expect(used).toEqual([]);
    await hours(3);
    expect(used).toEqual([renewed]);
    expect(events).toEqual(['certificate-renewed']);
  });

  it('changes nothing while it cannot be read or served, and is taken once it can', async () => {
    const { used, events, hours } = following([new Error('half'), { ...renewed, key: 'refused' }, renewed]);
    await hours(4);
    expect(events).toEqual(['certificate-unusable', 'certificate-unusable', 'certificate-renewed']);
    expect(used).toEqual([renewed]);
  });

  it('is not looked for any more after the end', async () => {
    const { used, hours, stop, clock } = following([renewed]);
    stop();
    await hours(2);
    expect([used, clock.pending]).toEqual([[], 0]);
  });

  it.each([
    ['hybrid', listenHybrid],
    ['ordinary', listenNode],
  ])('is shown by the %s listener from the next connection on; those that are there go on', async (_, listen) => {
    const listener = await listen({
      handler: async () => ({ status: 200, headers: { 'Content-Length': '2' }, body: Buffer.from('ok') }),
      clock: new FakeClock(),
      log: silentLog,
      port: 0,
      host: '127.0.0.1',
      tls: old,
    });
    onTestFinished(() => listener.close());
    const before = await shown({ port: listener.port });
    expect(before.fingerprint).toBe(fingerprint(old));
    expect(() => listener.renew({ ...renewed, key: old.key })).toThrow();
    expect((await shown({ port: listener.port })).fingerprint).toBe(fingerprint(old));
    listener.renew(renewed);
    expect((await shown({ port: listener.port })).fingerprint).toBe(fingerprint(renewed));
    before.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const [answer] = await new Promise<Buffer[]>((resolve) => before.socket.once('data', (chunk) => resolve([chunk])));
    expect(`${answer}`).toMatch(/^HTTP\/1.1 200/);
  });

  it('is shown by SMTP from the next STARTTLS on', async () => {
    const services = { delivery: {} as never, clock: new FakeClock(), log: silentLog };
    const smtp = createSmtpServer(services, { protocol: 'smtp', hostname: 'mail.test', tls: old });
    const port = await smtp.listen(0, '127.0.0.1');
    onTestFinished(() => smtp.close());
    const started = async () => {
      const socket = net.connect(port, '127.0.0.1');
      const said = () => new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(`${chunk}`)));
      await said();
      socket.write('EHLO me\r\n');
      expect(await said()).toContain('STARTTLS');
      socket.write('STARTTLS\r\n');
      await said();
      return (await shown({ socket })).fingerprint;
    };
    expect(await started()).toBe(fingerprint(old));
    smtp.renew(renewed);
    expect(await started()).toBe(fingerprint(renewed));
  });
});

describe('what the files say', () => {
  const options = (cert: string, key: string) => ({
    tls: false,
    tlsNames: [],
    dataDir: dir,
    tlsCert: path.join(dir, cert),
    tlsKey: path.join(dir, key),
  });

  it('is a pair, or refused before anybody is served with it', async () => {
    await writeFile(path.join(dir, 'a.crt'), old.cert);
    await writeFile(path.join(dir, 'a.key'), old.key);
    await writeFile(path.join(dir, 'b.key'), renewed.key);
    const clock = new FakeClock();
    expect(await readCertificate(options('a.crt', 'a.key'), clock)).toEqual({ cert: old.cert, key: old.key });
    await expect(readCertificate(options('a.crt', 'b.key'), clock)).rejects.toThrow(/mismatch/);
    await expect(readCertificate(options('a.crt', 'c.key'), clock)).rejects.toThrow(/ENOENT/);
  });
});

it('profiles of two authorities have identifiers of their own, those of one the same', () => {
  const identifiers = (ca: string) => {
    const answer = trustPages(ca)({ method: 'GET', path: '/ca.mobileconfig' } as never);
    return [...`${answer!.body}`.matchAll(/<key>PayloadIdentifier<\/key><string>([^<]+)</g)].map(([, found]) => found);
  };
  expect(identifiers(old.ca!)).toEqual(identifiers(old.ca!));
  expect(new Set([...identifiers(old.ca!), ...identifiers(renewed.ca!)]).size).toBe(4);
});
