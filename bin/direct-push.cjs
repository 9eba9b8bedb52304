#!/usr/bin/env node
// Starts the command line under a Node that is new enough: this one, or the one an optional dependency brought. In a
// checkout it runs the source, in the published package what was compiled. Plain CommonJS, so that an old Node reads it.
'use strict';
const { spawn } = require('node:child_process');
const { existsSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const source = path.join(__dirname, 'direct-push.ts');
const main = existsSync(source) ? source : path.join(__dirname, '..', 'dist', 'bin', 'direct-push.js');
const version = process.versions.node.split('.').map(Number);

// Passwords are hashed on libuv's threads, of which there are four however many cores there are; as many at once as there
// are cores, and two more for files and names. It reads this once, at its first use, so no module of the program itself
// could say it.
process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, os.cpus().length + 2));

if (version[0] > 24 || (version[0] === 24 && version[1] >= 7)) {
  // Commands are short: compiling is most of what they would do.
  require('node:module').enableCompileCache?.();
  void import(require('node:url').pathToFileURL(main).href);
} else {
  let node;
  try {
    node = path.join(
      path.dirname(require.resolve(`node-${process.platform}-${process.arch}/package.json`)),
      'bin',
      'node',
    );
  } catch {
    console.error(`direct-push needs Node 24.7 or later; this is ${process.version}.`);
    process.exit(1);
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code === null ? 128 + os.constants.signals[signal] : code));
}
