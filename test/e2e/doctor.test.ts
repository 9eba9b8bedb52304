import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { examine } from '../../lib/doctor/run.ts';
import { smtpTo } from '../../lib/doctor/smtp.ts';
import type { DoctorOptions, Finding } from '../../lib/doctor/types.ts';
import { PingResponse } from '../../lib/documents/ping.ts';
import { ensureTls } from '../../lib/embedded/tls.ts';
import { type Clock, systemClock } from '../../lib/ops/clock.ts';
import { encode } from '../../lib/wbxml/index.ts';
import { runCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/make-store.ts';
import { PASSWORD, startServer } from './harness.ts';
import { PATIENCE_S } from './mode.ts';

const USER = 'kim@example.test';
const noRecord = () => Promise.reject(new Error('ENOTFOUND'));

async function visit(url: string, more: Partial<DoctorOptions> = {}): Promise<Map<string, Finding>> {
  const findings = new Map<string, Finding>();
  const short = { holdS: PATIENCE_S, syncHoldS: PATIENCE_S };
  const told = { url: new URL(url), user: USER, password: PASSWORD, ...short, lookup: noRecord, ...more };
  for await (const finding of examine(told)) findings.set(finding.check, finding);
  return findings;
}

const outcomes = (findings: Map<string, Finding>) =>
  Object.fromEntries([...findings].map(([name, { outcome }]) => [name, outcome === 'slow' ? 'ok' : outcome]));

const ALL_WELL = {
  DNS: 'ok',
  certificate: 'ok',
  OPTIONS: 'ok',
  Autodiscover: 'ok',
  Provision: 'ok',
  FolderSync: 'ok',
  Sync: 'ok',
  Ping: 'ok',
  delivery: 'ok',
  'base64 Ping': 'ok',
  'large body': 'ok',
  'hanging Sync': 'ok',
};

type Interference = (request: http.IncomingMessage, response: http.ServerResponse) => boolean;

/** Answers everything as told, else hands it on to the server as a proxy does. */
async function proxy(
  target: string,
  interfere: Interference,
  tls?: { readonly key: string; readonly cert: string },
): Promise<string> {
  const handle: http.RequestListener = (request, response) => {
    if (interfere(request, response)) return;
    const onward = http.request(
      new URL(request.url!, target),
      { method: request.method, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  };
  const front = tls ? https.createServer(tls, handle) : http.createServer(handle);
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    front.closeAllConnections();
    front.close();
  });
  return `${tls ? 'https' : 'http'}://127.0.0.1:${(front.address() as AddressInfo).port}`;
}

const asks = (request: http.IncomingMessage, command: string) => request.url!.includes(`Cmd=${command}&`);
const answers =
  (status: number, headers: http.OutgoingHttpHeaders = {}): Interference =>
  (request, response) => {
    request.resume();
    response.writeHead(status, { 'Content-Length': 0, ...headers }).end();
    return true;
  };
const when =
  (command: string, then: Interference): Interference =>
  (request, response) =>
    asks(request, command) && then(request, response);
const destroys: Interference = (request) => {
  request.socket.destroy();
  return true;
};

describe('the doctor', { timeout: 60_000 }, () => {
  it('finds nothing wrong with this server, and leaves no message behind', async () => {
    const server = await startServer();
    const { host, port } = server.smtp;
    const findings = await visit(server.url, { deliver: smtpTo(host, port, USER) });
    expect(outcomes(findings), JSON.stringify([...findings.values()])).toEqual(ALL_WELL);
    expect(findings.get('delivery')!.detail).toMatch(/^by SMTP; the Ping was answered \d+ ms/);
    expect(findings.get('Autodiscover')!.advice).toContain('CNAME');
    const phone = server.phone();
    await phone.start();
    await phone.drain(phone.inbox);
    expect(phone.inbox.items.size).toBe(0);
  });

  it('sends the message by SendMail where it knows no SMTP server, and acknowledges a policy', async () => {
    const server = await startServer();
    await server.domain.policies.save('default', { settings: { DevicePasswordEnabled: true } });
    const findings = await visit(server.url);
    expect(outcomes(findings), JSON.stringify([...findings.values()])).toEqual(ALL_WELL);
    expect(findings.get('delivery')!.detail).toMatch(/^by SendMail/);
    expect(findings.get('Provision')!.detail).toContain('two phases');
  });

  it('stops at a refused password, which it never repeats', async () => {
    const server = await startServer();
    const password = 'a wrong one';
    const findings = await visit(server.url, { password });
    expect(findings.get('OPTIONS')).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('HTTP 401') });
    expect(findings.get('hanging Sync')).toMatchObject({ outcome: 'skipped' });
    expect(JSON.stringify([...findings.values()])).not.toContain(password);
  });

  it('repeats no secret that a server sends back', async () => {
    const login = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
    const url = await proxy('http://127.0.0.1:1', answers(302, { Location: `/login?${login}&p=${PASSWORD}` }));
    const { detail } = (await visit(url)).get('OPTIONS')!;
    expect(detail).toBe('OPTIONS: HTTP 302 to /login?***&p=***');
  });

  it('says that a proxy refuses large requests', async () => {
    const server = await startServer();
    const tooLarge = (request: http.IncomingMessage, response: http.ServerResponse) => {
      if (Number(request.headers['content-length']) < 1_000_000) return false;
      request.resume();
      request.on('end', () => response.writeHead(413, { Server: 'nginx', 'Content-Length': 0 }).end());
      return true;
    };
    const findings = await visit(await proxy(server.url, tooLarge));
    expect(findings.get('large body')).toMatchObject({
      outcome: 'failed',
      detail: '1.0 MB: HTTP 413 by nginx',
      advice: expect.stringContaining('client_max_body_size'),
    });
    expect(outcomes(findings)).toMatchObject({ Ping: 'ok', delivery: 'ok', 'hanging Sync': 'ok' });
  });

  it.each([
    ['a connection that ends', destroys, /^cut after 6\d\.\d s/],
    ['a gateway that gives up', answers(504, { Server: 'nginx' }), /^answered HTTP 504 by nginx after 6\d\.\d s/],
  ])('names who cuts a Ping early: %s', async (_, cut, detail) => {
    const server = await startServer();
    const clock = new Minute();
    const late: Interference = (request, response) => {
      clock.ahead += 60_000;
      return cut(request, response);
    };
    const findings = await visit(await proxy(server.url, when('Ping', late)), { holdS: 300, clock });
    expect(findings.get('Ping')).toMatchObject({ outcome: 'failed', advice: expect.stringContaining('nginx') });
    expect(findings.get('Ping')!.detail).toMatch(detail);
    expect(outcomes(findings)).toMatchObject({ delivery: 'skipped', 'base64 Ping': 'ok' });
  });

  it('takes the bound that the server names for a Ping', async () => {
    const server = await startServer({ maxHeartbeatS: 60 });
    const findings = await visit(server.url, { holdS: PATIENCE_S, repeat: 2 });
    expect(findings.get('Ping')).toMatchObject({
      outcome: 'ok',
      detail: `held for ${PATIENCE_S} s, still waiting; held for ${PATIENCE_S} s, still waiting`,
    });
    expect(findings.get('delivery')).toMatchObject({ outcome: 'ok' });
  });

  it.each([
    [20, 'warning', /after 20\.\d s of 90 s/],
    [90, 'ok', /after 9\d\.\d s of 90 s/],
  ])('tells a Ping that ends after %i s of 90 from one that was cut', async (seconds, outcome, detail) => {
    const server = await startServer();
    const clock = new Minute();
    let pings = 0;
    const early: Interference = (request, response) => {
      if (++pings > 1) return false;
      clock.ahead += seconds * 1000;
      request.resume();
      response.end(encode(PingResponse, { Status: 1 }, 161));
      return true;
    };
    const findings = await visit(await proxy(server.url, when('Ping', early)), { holdS: 30, clock, lookup: noRecord });
    expect(findings.get('Ping')).toMatchObject({ outcome, detail: expect.stringMatching(detail) });
    expect(findings.get('delivery')).toMatchObject({ outcome: 'ok' });
  });

  it('says when a proxy breaks base64 queries', async () => {
    const server = await startServer();
    const strict: Interference = (request, response) =>
      request.method === 'POST' && !request.url!.includes('Cmd=') && !request.url!.includes('autodiscover')
        ? answers(400)(request, response)
        : false;
    const findings = await visit(await proxy(server.url, strict));
    expect(findings.get('base64 Ping')).toMatchObject({
      outcome: 'failed',
      advice: expect.stringContaining('byte for byte'),
    });
  });

  it('warns of a Sync that is never held', async () => {
    const server = await startServer();
    let syncs = 0;
    // The Wait is in the body: it comes after the large one.
    let large = false;
    const url = await proxy(server.url, (request, response) => {
      if (asks(request, 'SendMail') && Number(request.headers['content-length']) > 1_000_000) large = true;
      if (!large || !asks(request, 'Sync')) return false;
      syncs++;
      request.resume();
      return answers(200)(request, response);
    });
    expect((await visit(url)).get('hanging Sync')).toMatchObject({ outcome: 'warning' });
    expect(syncs).toBe(1);
  });

  it.each([
    ['of another name', ['mail.other.test'], true, /not for 127\.0\.0\.1/],
    ['of an authority that nobody knows', ['127.0.0.1'], false, /not trusted/],
  ])('sends no password to a certificate %s', async (_, names, trust, detail) => {
    const tls = await ensureTls(await temporaryFolder(), names, systemClock);
    let seen = 0;
    const url = await proxy('http://127.0.0.1:1', () => !!++seen, tls);
    const findings = await visit(url, { ca: trust ? tls.ca : undefined });
    expect(findings.get('certificate')).toMatchObject({ outcome: 'failed', detail: expect.stringMatching(detail) });
    expect(findings.get('OPTIONS')).toMatchObject({ outcome: 'skipped', detail: 'needs certificate' });
    expect(seen).toBe(0);
  });

  it('says that a certificate has expired or is about to', async () => {
    const tls = await ensureTls(await temporaryFolder(), ['127.0.0.1'], systemClock);
    const url = await proxy('http://127.0.0.1:1', answers(404), tls);
    const inDays = async (days: number) => {
      const clock = new Minute();
      clock.ahead = days * 86_400_000;
      return (await visit(url, { ca: tls.ca, clock })).get('certificate');
    };
    expect(await inDays(0)).toMatchObject({ outcome: 'ok' });
    expect(await inDays(390)).toMatchObject({
      outcome: 'warning',
      detail: expect.stringMatching(/[67] days are left/),
    });
    expect(await inDays(400)).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('expired') });
  });

  it('says that a name has no record or that nobody listens', async () => {
    expect((await visit('https://eas.example.test')).get('DNS')).toMatchObject({ outcome: 'failed' });
    expect((await visit('https://127.0.0.1:1')).get('certificate')).toMatchObject({
      outcome: 'failed',
      advice: 'nothing listens on this port',
    });
  });

  it.each([
    ['ftp://example.test', {}],
    ['https://kim:secret@example.test', {}],
    ['https://example.test', { holdS: Number.NaN }],
    ['https://example.test', { repeat: 0 }],
  ])('does not begin with %s and %o', async (url, more) => {
    await expect(visit(url, more)).rejects.toThrow(RangeError);
  });

  it('is a command that ends with 1 when something is wrong, and speaks JSON', async () => {
    const server = await startServer();
    const tls = await ensureTls(await temporaryFolder(), ['127.0.0.1'], systemClock);
    const url = await proxy(server.url, () => false, tls);
    const ca = path.join(await temporaryFolder(), 'ca.crt');
    await writeFile(ca, tls.ca);
    const smtp = `${server.smtp.host}:${server.smtp.port}`;
    const good = await command([url, '--user', USER, '--hold', '0.1', '--smtp', smtp, '--insecure-ca', ca]);
    expect(good, good.out).toMatchObject({ code: 0 });
    expect(good.out).toMatch(/^ok +delivery .* by SMTP/m);
    const bad = await command([url, '--user', USER, '--hold', '0.1', '--json']);
    expect(bad.code).toBe(1);
    const { ok, checks } = JSON.parse(bad.out);
    expect(ok).toBe(false);
    expect(checks[1]).toMatchObject({ check: 'certificate', outcome: 'failed' });
    for (const { out, err } of [good, bad]) expect(out + err).not.toContain(PASSWORD);
    expect((await command(['https://x.test', '--user', USER, '--smtp', 'nowhere'])).err).toContain('HOST:PORT');
  });
});

/** The time of this machine, moved on where a test says so. */
class Minute implements Clock {
  ahead = 0;

  now(): number {
    return systemClock.now() + this.ahead;
  }

  after(ms: number, run: () => void) {
    return systemClock.after(ms, run);
  }
}

const command = (args: readonly string[]) => runCli(['doctor', ...args], { input: `${PASSWORD}\n` });
