/** An emulator of AWS from PyPI that needs no Docker, in a Python environment of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer, type TestServer } from './process.ts';

const VERSION = '1.5.33';
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const VENV = join(ROOT, 'node_modules', '.cache', `ministack-${VERSION}`);
const PROGRAM = join(VENV, 'bin', 'ministack');

/** @throws Error when there is no Python 3.10 or later, or PyPI cannot be reached */
export function installMinistack(): void {
  if (existsSync(PROGRAM)) return;
  mkdirSync(dirname(VENV), { recursive: true });
  execFileSync('python3', ['-m', 'venv', VENV], { stdio: 'inherit' });
  execFileSync(join(VENV, 'bin', 'pip'), ['install', '--quiet', `ministack==${VERSION}`], { stdio: 'inherit' });
}

/** Its port is told by the environment alone. */
export const startMinistack = (): Promise<TestServer> =>
  startServer(
    'env',
    (port) => [`GATEWAY_PORT=${port}`, 'BIND_HOST=127.0.0.1', 'LOG_LEVEL=ERROR', 'LAMBDA_EXECUTOR=local', PROGRAM],
    { timeoutMs: 60_000 },
  );
