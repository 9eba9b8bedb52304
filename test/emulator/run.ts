/**
 * The data path against an emulator of AWS: `npm run test:localstack`, with `AWS_ENDPOINT_URL=http://localhost:4566` of
 * LocalStack or something like it, or with `-- --ministack` by one that is fetched from PyPI. See docs/emulators.md.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { installMinistack, startMinistack } from '../support/servers/ministack.ts';
import type { TestServer } from '../support/servers/process.ts';

const wanted = process.argv.includes('--ministack') || process.env.EMULATOR === 'ministack';
const given = process.env.AWS_ENDPOINT_URL;
let started: TestServer | undefined;
if (!given && wanted) {
  installMinistack();
  started = await startMinistack();
}
const endpoint = given ?? started?.endpoint;
if (!endpoint) {
  console.error(
    'SKIPPED: no emulator. Give one by AWS_ENDPOINT_URL=http://localhost:4566, or let one be fetched from PyPI:\n' +
      '  npm run test:localstack -- --ministack',
  );
  process.exit(0);
}
console.error(`Emulator at ${endpoint}`);
const vitest = path.join(path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const { AWS_ENDPOINT_URL: _, ...rest } = process.env;
const child = spawn(process.execPath, [vitest, 'run', '--config', 'vitest.emulator.config.ts'], {
  stdio: 'inherit',
  env: { ...rest, EMULATOR_ENDPOINT: endpoint, DYNAMODB_ENDPOINT: endpoint, S3_ENDPOINT: endpoint },
});
// The emulator alone does not keep this process alive while it ends.
const alive = setInterval(() => {}, 1000);
const code = await new Promise<number>((resolve) => child.once('exit', (status) => resolve(status ?? 1)));
await started?.stop();
clearInterval(alive);
process.exitCode = code;
