import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Tree } from './tree.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
export const PYTHON = process.env.CODECS_PYTHON ?? path.join(ROOT, 'node_modules/.cache/codecs/bin/python');
const PEER = path.join(import.meta.dirname, 'pyactivesync_peer.py');

/** `.ci/install-codecs` installs it. */
export const pyactivesyncInstalled = existsSync(PYTHON);

export function readWithPyactivesync(documents: readonly Uint8Array[]): Tree[] {
  return ask(documents.map((bytes) => ({ read: Buffer.from(bytes).toString('hex') }))) as Tree[];
}

/** Null where the library does not know a tag. */
export function writeWithPyactivesync(trees: readonly Tree[]): (Uint8Array | null)[] {
  const answers = ask(trees.map((tree) => ({ write: tree }))) as (string | null)[];
  return answers.map((hex) => (hex === null ? null : Buffer.from(hex, 'hex')));
}

function ask(requests: readonly unknown[]): unknown[] {
  const input = requests.map((request) => JSON.stringify(request)).join('\n');
  const { status, stdout, stderr } = spawnSync(PYTHON, [PEER], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`pyactivesync: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}
