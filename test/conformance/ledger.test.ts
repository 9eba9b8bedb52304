import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { deriveLedger, idsIn, readLedger, readUnproved, reasonsOf, requirementsFolder } from './ledger.ts';

const TESTS = path.join(import.meta.dirname, '..');

/** Ids named anywhere in the tests, with the file that names them. */
function namedIds(): readonly { file: string; document: string; id: string }[] {
  return readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.startsWith('conformance'))
    .flatMap((file) => idsIn(readFileSync(path.join(TESTS, file), 'utf8')).map((found) => ({ file, ...found })));
}

describe('the conformance ledger', () => {
  it('reads ids out of titles, several at once', () => {
    expect(idsIn('answers 5 at once [MS-ASCMD R5632 R4241], see [MS-ASHTTP R18]')).toEqual([
      { document: 'MS-ASCMD', id: 'R5632' },
      { document: 'MS-ASCMD', id: 'R4241' },
      { document: 'MS-ASHTTP', id: 'R18' },
    ]);
    expect(idsIn('no ids [R5] MS-ASCMD R6')).toEqual([]);
  });

  it('names each requirement once', () => {
    const names = readLedger().map(({ document, id }) => `${document} ${id}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(4_000);
  });

  it('gives a reason for what is open, each once, and none for what a title names', () => {
    const named = new Set(namedIds().map(({ document, id }) => `${document} ${id}`));
    const ledger = readLedger();
    const known = new Set(ledger.map(({ document, id }) => `${document} ${id}`));
    const explained = readUnproved().flatMap(({ document, ids }) => ids.map((id) => `${document} ${id}`));
    const single = explained.filter((name) => !name.endsWith('*'));
    expect(single.filter((name) => !known.has(name) || named.has(name))).toEqual([]);
    expect(new Set(explained).size).toBe(explained.length);
    expect(reasonsOf(ledger).size).toBeGreaterThanOrEqual(single.length);
    for (const { reason } of readUnproved()) expect(reason.length).toBeGreaterThan(10);
  });

  const folder = requirementsFolder();
  it.skipIf(!folder)('agrees with the requirement specifications', () => {
    expect(readLedger()).toEqual(deriveLedger(folder!));
  });

  it.skipIf(!folder)('tests name only ids that the specifications have', () => {
    const known = new Set<string>();
    for (const name of readdirSync(folder!)) {
      for (const line of readFileSync(path.join(folder!, name), 'utf8').split('\n').slice(1)) {
        known.add(`${name.replace('.tsv', '')} ${line.split('\t')[0]}`);
      }
    }
    expect(namedIds().filter(({ document, id }) => !known.has(`${document} ${id}`))).toEqual([]);
  });
});
