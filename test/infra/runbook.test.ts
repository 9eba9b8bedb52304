/** What the runbook names is there: whoever follows it at night has no time for a name that is not. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FUNCTION_NAMES } from '../../lib/infra/catalogue.ts';
import { METRICS } from '../../lib/ops/metric-names.ts';

const runbook = readFileSync('docs/runbook.md', 'utf8');
const sources = ['lib', 'functions', 'bin']
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name)),
  )
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(name, 'utf8'))
  .join('\n');

/** Names in backticks, with what stands before them; commands to type have spaces. */
const names = [...runbook.matchAll(/`([^`\s]+)`/g)].map(({ 1: name, index }) => ({
  name: name!,
  before: runbook.slice(Math.max(0, index - 16), index).replaceAll(/\s+/g, ' '),
}));
const ofFunctions = names.filter(({ before }) => /(?:function|log of) $/.test(before));
const others = names.filter((each) => !ofFunctions.includes(each)).map(({ name }) => name);
const events = new Set([...sources.matchAll(/\blog\??\.\w+\(\s*'([^']+)'/g)].map(([, event]) => event!));
const values = [...readFileSync('lib/ops/metric-names.ts', 'utf8').matchAll(/`([a-z-]+)`/g)].map(([, value]) => value!);
const properties = [...readFileSync('lib/infra/props.ts', 'utf8').matchAll(/readonly (\w+)\??:/g)].map(
  ([, key]) => key!,
);
const headings = [...runbook.matchAll(/^### (.+)$/gm)].flatMap(([, heading]) => heading!.split(', '));
const dimensions = Object.values(METRICS).flatMap((traits) => ('by' in traits ? [traits.by] : []));
/** Fields of log lines and of what waits in queues, names of checks and of failures: words of the sources. */
const WORDS = ['code', 'error', 'key', 'receipt.action.objectKey', 'visit', 'StoreUnavailable', 'direct', 'renew'];

describe('the runbook', () => {
  it('names functions that are deployed', () => {
    expect(ofFunctions.length).toBeGreaterThan(3);
    for (const { name } of ofFunctions) expect(FUNCTION_NAMES).toContain(name);
  });

  it('names metrics, dimensions, alarms and outputs that there are', () => {
    const outputs = [...sources.matchAll(/(?:output\(|\[)'([A-Z]\w+)'/g)].map(([, id]) => id!);
    const known = new Set([...Object.keys(METRICS), ...dimensions, ...headings, ...outputs, ...WORDS]);
    const pascal = others.filter((name) => /^[A-Z]\w+$/.test(name));
    expect(pascal.length).toBeGreaterThan(8);
    for (const name of pascal) expect(known).toContain(name);
  });

  it('names log events, causes, reasons and properties that there are', () => {
    const known = new Set([...events, ...values, ...WORDS]);
    const plain = others.filter((name) => /^[a-z][\w.-]*$/.test(name));
    expect(plain.length).toBeGreaterThan(15);
    for (const name of plain) {
      const isProperty = name.split('.').every((part) => properties.includes(part));
      expect(isProperty || known.has(name), name).toBe(true);
    }
  });

  it.each(WORDS)('the sources have the word %s', (word) => {
    expect(sources).toContain(word.split('.').at(-1));
  });
});
