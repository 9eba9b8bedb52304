/**
 * Bundles the functions and the holder: `node tools/bundle.ts [name ...]` into `dist/bundles/<name>`, or `--out FOLDER`.
 * Fails when a bundle is over its budget or takes in infrastructure code.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { BUNDLE_FILE, type BundleFile, buildBundle, packageRoot } from '../lib/infra/bundles.ts';
import { BUNDLE_NAMES, type BundleName, entryPoint } from '../lib/infra/catalogue.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: path.join(packageRoot, 'dist/bundles') } },
});

const unknown = positionals.filter((name) => !(BUNDLE_NAMES as readonly string[]).includes(name));
if (unknown.length > 0) fail(`no such bundle: ${unknown.join(', ')}; there are ${BUNDLE_NAMES.join(', ')}`);
const names = positionals.length > 0 ? (positionals as BundleName[]) : BUNDLE_NAMES;

let status = 0;
for (const name of names) {
  try {
    for (const one of buildBundle(name, path.join(values.out, name)).files) report(name, one);
  } catch (error) {
    const absent = !existsSync(path.join(packageRoot, entryPoint(name)));
    console.error(`${name}: ${absent ? `no ${entryPoint(name)}` : (error as Error).message}`);
    status = 1;
  }
}
process.exitCode = status;

function report(bundle: BundleName, { file, bytes, budget }: BundleFile): void {
  const name = file === BUNDLE_FILE ? bundle : `${bundle}/${path.parse(file).name}`;
  const kilobytes = (n: number) => `${Math.ceil(n / 1000)} kB`.padStart(8);
  const over = bytes > budget;
  console.log(`${name.padEnd(20)}${kilobytes(bytes)} of ${kilobytes(budget)}${over ? '  over its budget' : ''}`);
  if (over) status = 1;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
