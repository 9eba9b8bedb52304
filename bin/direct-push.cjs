#!/usr/bin/env node
// Starts the compiled command line under a Node that is new enough: this one, or the one an optional dependency
// brought. Plain CommonJS, so that an old Node can still read it.
'use strict';
const { spawn } = require('node:child_process');
const path = require('node:path');

const main = path.join(__dirname, '..', 'dist', 'bin', 'direct-push.js');
const version = process.versions.node.split('.').map(Number);

if (version[0] > 24 || (version[0] === 24 && version[1] >= 7)) {
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
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code === null ? 128 + (signal === 'SIGINT' ? 2 : 15) : code));
}
