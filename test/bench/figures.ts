/** A row of the table that `npm run bench` prints. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Stated in docs/performance.md; absent for rows that are printed for comparison only. */
  readonly target?: { readonly atMost: number } | { readonly atLeast: number };
}

export function met({ value, target }: Figure): boolean | undefined {
  if (!target) return undefined;
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast;
}

/** The value below which `share` of the sorted samples lie. */
export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) return Number.NaN;
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
}

export function printTable(title: string, figures: readonly Figure[]): void {
  console.log(`\n${title}`);
  console.log(`| ${'measure'.padEnd(62)} | ${'figure'.padStart(16)} | ${'target'.padStart(14)} |      |`);
  console.log(`| ${'-'.repeat(62)} | ${'-'.repeat(15)}: | ${'-'.repeat(13)}: | ---- |`);
  for (const figure of figures) {
    const { name, value, unit, target } = figure;
    const number = value >= 100 ? value.toFixed(0) : value.toPrecision(3);
    const wanted = !target ? '' : 'atMost' in target ? `<= ${target.atMost}` : `>= ${target.atLeast}`;
    const verdict = met(figure);
    const word = verdict === undefined ? '' : verdict ? 'met' : 'MISS';
    console.log(
      `| ${name.padEnd(62)} | ${`${number} ${unit}`.padStart(16)} | ${wanted.padStart(14)} | ${word.padEnd(4)} |`,
    );
  }
}
