import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildBundle, packageRoot } from '../../lib/infra/bundles.ts';
import { TASK_PORT, WAKE_PORT } from '../../lib/infra/network.ts';
import { CLOUD_ENV } from '../../lib/ops/cloud-env.ts';

/** Of the official images' `node` user. */
const NODE_USER = 1000;

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

const instructions = (file: string): readonly Instruction[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => ({ name: line.split(' ', 1)[0]!, rest: line.slice(line.indexOf(' ') + 1).trim() }));

const [context, image] = ['context', 'image'].map((name) => mkdtempSync(path.join(tmpdir(), `${name}-`))) as [
  string,
  string,
];
afterAll(() => {
  for (const folder of [context, image]) rmSync(folder, { recursive: true, force: true });
});

/** What Docker would do with the Dockerfile, as far as it copies and starts; the build itself needs Docker. */
describe('the image of the holder', { timeout: 60_000 }, () => {
  let lines: readonly Instruction[];
  let workdir = '';
  const of = (name: string) => lines.filter((one) => one.name === name).map(({ rest }) => rest);

  beforeAll(() => {
    const folder = path.join(context, 'holder');
    buildBundle('holder', folder);
    lines = instructions(path.join(folder, 'Dockerfile'));
    workdir = path.join(image, of('WORKDIR')[0]!);
    mkdirSync(workdir, { recursive: true });
    for (const copy of of('COPY')) {
      const words = copy.split(/\s+/);
      const target = path.join(workdir, words.pop()!);
      for (const source of words) copyFileSync(path.join(folder, source), path.join(target, path.basename(source)));
    }
    for (const part of [image, path.dirname(workdir), workdir]) chmodSync(part, 0o755);
  });

  it('copies files that the build context has, and names no others', () => {
    expect(of('COPY').length).toBeGreaterThan(0);
    for (const copy of of('COPY')) {
      for (const source of copy.split(/\s+/).slice(0, -1)) {
        expect(statSync(path.join(context, 'holder', source)).isFile(), source).toBe(true);
      }
    }
  });

  it('holds every file of the bundle', () => {
    const built = readdirSync(path.join(context, 'holder')).filter((name) => name !== 'Dockerfile');
    expect(readdirSync(workdir).sort()).toEqual(built.sort());
  });

  it('starts a file that it holds', () => {
    const command = JSON.parse(of('CMD')[0]!) as string[];
    expect(command[0]).toBe('node');
    expect(statSync(path.join(workdir, command.at(-1)!)).size).toBeGreaterThan(100_000);
  });

  it('has a Node that the package runs on', () => {
    const { engines } = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as {
      engines: { node: string };
    };
    const [, wanted] = /^>=(\d+)/.exec(engines.node)!;
    const [, given] = /node:(\d+)/.exec(of('ARG')[0]!)!;
    expect(Number(given)).toBeGreaterThanOrEqual(Number(wanted));
    expect(of('FROM')[0]).toMatch(/^\$\{NODE_IMAGE\}$/);
  });

  it('opens the ports that the service sends to', () => {
    expect(of('EXPOSE')[0]!.split(/\s+/).map(Number)).toEqual([TASK_PORT, WAKE_PORT]);
  });

  it('is told to stop by the signal that the holder listens to', () => {
    const [signal] = of('STOPSIGNAL');
    expect(readFileSync(path.join(packageRoot, 'functions/holder/index.ts'), 'utf8')).toContain(`'${signal}'`);
  });

  it('runs its command as its user: all code is there, and what is missing is said', async () => {
    const [, ...args] = JSON.parse(of('CMD')[0]!) as string[];
    expect(of('USER')).toEqual(['node']);
    // Only the superuser may become somebody else; anybody else already is.
    const root = process.getuid?.() === 0;
    const child = spawn(process.execPath, args, {
      cwd: workdir,
      env: { NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(root && { uid: NODE_USER, gid: NODE_USER }),
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      // A stack trace quotes its line, and a bundle is one line.
      said = `${said}${chunk}`.replace(/^.{400,}$/gm, '...');
    });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code, said).toBe(1);
    expect(said).toContain(`${CLOUD_ENV.hostName} is not set`);
    expect(said).not.toMatch(/Cannot find|ERR_MODULE_NOT_FOUND|EACCES/);
  });
});
