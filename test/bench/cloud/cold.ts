import { execFileSync, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { BUNDLE_BUDGETS, type BundleName, bundleOf, type Cloud, startCloud } from '../../cloud/support/cloud.ts';
import { synthesised } from '../../cloud/support/template.ts';
import { type Figure, percentile } from '../figures.ts';
import { say } from './say.ts';

const MAIN = fileURLToPath(new URL('../../cloud/support/lambda-main.ts', import.meta.url));
const IMPORT =
  'const t = performance.now(); await import(process.argv[1]); console.log("\\nimported", performance.now() - t); process.exit(0)';

/** Size of each bundle, what importing it takes, and how long after the start of its process it takes events. */
export async function coldStarts(runs: number): Promise<Figure[]> {
  const cloud = await startCloud({ bare: true });
  try {
    const figures: Figure[] = [];
    const { processes } = synthesised();
    for (const name of Object.keys(BUNDLE_BUDGETS) as BundleName[]) {
      say(name);
      const file = bundleOf(name);
      const bytes = readFileSync(file);
      figures.push(
        {
          name: `${name}: size`,
          value: bytes.length / 1024,
          unit: 'KB',
          target: { atMost: Math.round(BUNDLE_BUDGETS[name] / 1024) },
        },
        { name: '... compressed', value: gzipSync(bytes).length / 1024, unit: 'KB' },
      );
      if (!processes.includes(name)) continue;
      if (name === 'holder') figures.push(await holderStart(cloud, runs));
      else figures.push(...(await functionStart(cloud, name, file, runs)));
    }
    return figures;
  } finally {
    await cloud.stop();
  }
}

async function functionStart(cloud: Cloud, name: BundleName, file: string, runs: number): Promise<Figure[]> {
  const env = { PATH: process.env.PATH ?? '', ...cloud.environment(name) };
  const imports: number[] = [];
  const starts: number[] = [];
  for (let run = 0; run < runs; run++) {
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', IMPORT, file], { env, encoding: 'utf8' });
    imports.push(Number(/\nimported ([\d.]+)/.exec(said)![1]));
    const began = performance.now();
    const child = fork(MAIN, [file], { env, execArgv: ['--disable-warning=ExperimentalWarning'], silent: true });
    await new Promise((resolve) => child.once('message', resolve));
    starts.push(performance.now() - began);
    child.kill('SIGKILL');
  }
  return [
    { name: '... import, median', value: percentile(imports, 0.5), unit: 'ms' },
    { name: '... process start to its first event, median', value: percentile(starts, 0.5), unit: 'ms' },
  ];
}

async function holderStart(cloud: Cloud, runs: number): Promise<Figure> {
  const starts: number[] = [];
  for (let run = 0; run < runs; run++) {
    const began = performance.now();
    const holder = await cloud.addHolder();
    starts.push(performance.now() - began);
    await holder.kill();
  }
  return { name: '... process start to serving, median', value: percentile(starts, 0.5), unit: 'ms' };
}
