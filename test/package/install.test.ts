import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Phone } from '../support/client/phone.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
/** The PATH of somebody who installs the package: without the Node that this checkout brings. */
const PATH = (process.env.PATH ?? '')
  .split(path.delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(path.delimiter);
const MINUTES = 60_000;

describe('the published package', () => {
  let dir: string;
  const env = { ...process.env, PATH, NODE_OPTIONS: '' };
  const run = (command: string, args: readonly string[], input?: string) =>
    execFileSync(command, args, { cwd: dir, env, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
  const directPush = (...args: string[]) => run(path.join(dir, 'node_modules', '.bin', 'direct-push'), args);

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'dp-package-'));
    execFileSync('npm', ['pack', '--silent', '--pack-destination', dir], { cwd: ROOT, stdio: 'pipe' });
    const { name, version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
    await writeFile(path.join(dir, 'package.json'), '{"private": true, "type": "module"}');
    run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `./${name}-${version}.tgz`]);
  }, 6 * MINUTES);
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('carries compiled code and types, no tests and no test servers', () => {
    const installed = path.join(dir, 'node_modules', 'direct-push');
    expect(existsSync(path.join(installed, 'dist', 'lib', 'index.js'))).toBe(true);
    expect(existsSync(path.join(installed, 'dist', 'lib', 'index.d.ts'))).toBe(true);
    for (const absent of ['test', 'dist/test', 'lib'])
      expect(existsSync(path.join(installed, absent)), absent).toBe(false);
    expect(existsSync(path.join(dir, 'node_modules', '@dynoxide'))).toBe(false);
    expect(existsSync(path.join(dir, 'node_modules', 'vitest'))).toBe(false);
  });

  it(
    'starts from its command with whatever Node is on PATH, takes mail and serves a phone',
    async () => {
      const server = await serve(path.join(dir, 'node_modules', '.bin', 'direct-push'), { cwd: dir, env });
      try {
        expect(directPush('user', 'list', '--data', 'mail', '--json')).toContain('demo@localhost');
        const phone = new Phone({ url: server.url, user: 'demo@localhost', password: server.password });
        await phone.start();
        const bin = path.join(dir, 'node_modules', '.bin', 'direct-push');
        run(bin, ['deliver', 'demo@localhost', '--data', 'mail'], 'Subject: packed\r\n\r\nhello\r\n');
        await phone.drain(phone.inbox);
        expect([...phone.inbox.items.values()].map(({ Subject }) => Subject)).toEqual(['packed']);
      } finally {
        server.child.kill('SIGTERM');
        expect(await server.ended).toBe(0);
      }
    },
    2 * MINUTES,
  );

  it(
    'can be imported as a library',
    async () => {
      await writeFile(
        path.join(dir, 'use.js'),
        `import { start } from 'direct-push';
       const server = await start({ port: 0, smtpPort: 0, dataDir: './library', logLevel: 'silent' });
       const response = await fetch(server.url + '/healthz');
       const large = Buffer.from('Subject: large\\r\\n\\r\\n' + 'text\\r\\n'.repeat(300_000));
       const { parsed } = await server.domain.delivery.read(large, { from: '', arrival: 'live' });
       console.log(response.status, parsed.subject, parsed.degraded ?? 'whole');
       await server.close();`,
      );
      // The thread that reads large messages is found in the package.
      expect(run(process.execPath, ['use.js']).trim()).toBe('200 large whole');
    },
    1 * MINUTES,
  );

  it(
    'explains itself',
    () => {
      expect(directPush('--help')).toMatch(/serve.*user.*device.*policy.*deliver.*import.*backup.*restore/s);
      expect(directPush('--version').trim()).toMatch(/^\d+\.\d+\.\d+$/);
    },
    1 * MINUTES,
  );
});

interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  readonly password: string;
  readonly ended: Promise<number | null>;
}

/** Starts a server on free ports and waits for what it says of itself. */
function serve(bin: string, options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<Served> {
  const args = ['serve', '--data', 'mail', '--port', '0', '--smtp-port', '0', '--log-level', 'warn'];
  const child = spawn(bin, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      const url = /(http:\S+)\/Microsoft-Server-ActiveSync/.exec(said)?.[1];
      const password = /password (\S+)/.exec(said)?.[1];
      if (url && password && said.includes('Make your own')) resolve({ child, url, password, ended });
    });
    void ended.then(() => reject(new Error(`the server did not start: ${said}`)));
  });
}
