/**
 * Bundles of the functions and the holder, by esbuild and without Docker. From the source tree they are built each
 * time, so that what is deployed is what is there; the published package brings them built (`dist/bundles`).
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { BuildOptions, Metafile } from 'esbuild';
import { BUNDLE_BUDGETS, type BundleName, entryPoint, THREADS } from './catalogue.ts';

const here = import.meta.dirname;
const compiled = path.basename(path.resolve(here, '../..')) === 'dist' && import.meta.filename.endsWith('.js');
export const packageRoot = compiled ? path.resolve(here, '../../..') : path.resolve(here, '../..');
const prebuilt = path.join(packageRoot, 'dist/bundles');

export const BUNDLE_FILE = 'index.mjs';
const DOCKERFILE = 'functions/holder/Dockerfile';

/** CommonJS packages inside an ES module still ask for `require`. */
const REQUIRE_SHIM =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** Names stay readable in stack traces: no source map is shipped, which would cost more at a cold start. */
export function bundleOptions(entry: string, outfile: string): BuildOptions {
  return {
    absWorkingDir: packageRoot,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minifyWhitespace: true,
    minifySyntax: true,
    keepNames: true,
    legalComments: 'none',
    charset: 'utf8',
    metafile: true,
    logLevel: 'silent',
    banner: { js: REQUIRE_SHIM },
  };
}

export interface BundleFile {
  readonly file: string;
  readonly bytes: number;
  readonly budget: number;
}

export interface Bundle {
  readonly name: BundleName;
  readonly directory: string;
  /** The process first, then its threads. */
  readonly files: readonly BundleFile[];
}

/**
 * Bundles one entry point, and those of its threads, into `directory`; for the holder its Dockerfile is put beside, so
 * that the folder is the whole context of `docker build`.
 * @throws Error when the entry is absent, does not build, or takes in infrastructure code
 */
export function buildBundle(name: BundleName, directory: string): Bundle {
  const entry = entryPoint(name);
  if (!existsSync(path.join(packageRoot, entry))) throw new Error(`there is no ${entry} to bundle`);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const main = { file: BUNDLE_FILE, entry, budget: BUNDLE_BUDGETS[name] };
  const files = [main, ...(THREADS[name] ?? [])].map(({ file, entry, budget }) => {
    const outfile = path.join(directory, file);
    buildFile(name, entry, outfile);
    return { file, bytes: statSync(outfile).size, budget };
  });
  if (name === 'holder') copyFileSync(path.join(packageRoot, DOCKERFILE), path.join(directory, 'Dockerfile'));
  return { name, directory, files };
}

function buildFile(name: BundleName, entry: string, outfile: string): void {
  const esbuild = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const { metafile } = esbuild.buildSync(bundleOptions(entry, outfile));
  const foreign = infrastructureIn(metafile!);
  if (foreign.length > 0) throw new Error(`bundle ${name} takes in infrastructure code: ${foreign.join(', ')}`);
}

const INFRASTRUCTURE = /(^|\/)(node_modules\/(aws-cdk-lib|constructs|cdk-nag|aws-cdk|esbuild)|lib\/infra)\//;

/** Inputs of a bundle that belong to the deployment alone. */
export function infrastructureIn(metafile: Pick<Metafile, 'inputs'>): readonly string[] {
  return Object.keys(metafile.inputs).filter((input) => INFRASTRUCTURE.test(input));
}

const cache = path.join(packageRoot, 'node_modules/.cache/direct-push/bundles');

/** The folder with the bundle of a process, built where it has to be. */
export function bundleDirectory(name: BundleName): string {
  const ready = path.join(prebuilt, name);
  if (compiled) {
    if (existsSync(path.join(ready, BUNDLE_FILE))) return ready;
    throw new Error(`this package has no bundle of ${name}: run "npm run bundle" after "npm run build"`);
  }
  return buildBundle(name, path.join(cache, name)).directory;
}

/** Stands for a bundle where the CDK asks for no assets (`cdk list`, template assertions). */
export function placeholderDirectory(name: BundleName): string {
  const directory = path.join(compiled ? prebuilt : cache, `placeholder-${name}`);
  mkdirSync(directory, { recursive: true });
  const text = `// ${name}: bundling was skipped\n`;
  const file = path.join(directory, BUNDLE_FILE);
  // Written once: other processes may be reading it.
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
  if (name === 'holder') writeFileSync(path.join(directory, 'Dockerfile'), 'FROM scratch\n');
  return directory;
}
