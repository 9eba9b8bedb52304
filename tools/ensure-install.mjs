// Runs before every npm script, also on the oldest Node that may be on PATH: plain JavaScript, no dependencies.
// Usage: node tools/ensure-install.mjs [runtime|all]
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const wanted = process.argv[2] === 'all' ? 'all' : 'runtime';
const installed = existsSync('node_modules/.package-lock.json') && existsSync('node_modules/commander');
const complete = installed && existsSync('node_modules/vitest');

if (!installed || (wanted === 'all' && !complete)) {
  const args = wanted === 'all' ? ['ci'] : ['ci', '--omit=dev'];
  console.error(`Installing dependencies (npm ${args.join(' ')}) ...`);
  const { status } = spawnSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', process.stderr, process.stderr],
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}

const [major, minor] = process.versions.node.split('.').map(Number);
const recent = major > 24 || (major === 24 && minor >= 7);
if (!recent && !existsSync('node_modules/.bin/node')) {
  console.error(
    `Node 24.7 or later is needed; this is ${process.version}, and no bundled Node exists for ${process.platform}-${process.arch}.`,
  );
  process.exit(1);
}
