/** What a command prints: results on standard output, everything else on standard error. */

export type Cell = string | number | boolean | undefined;

/** Much of what is listed was said by devices: nothing of it reaches the terminal but what can be seen. */
function text(cell: Cell): string {
  if (cell === undefined) return '';
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  return `${cell}`.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
}

/** A list as a table for people or, with `--json`, as JSON for programs. */
export function printList(rows: readonly Readonly<Record<string, Cell>>[], json: boolean): void {
  if (json) {
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  if (rows.length === 0) {
    console.error('none');
    return;
  }
  const names = Object.keys(rows[0]!);
  const widths = names.map((name) => Math.max(name.length, ...rows.map((row) => text(row[name]).length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd();
  console.log(line(names.map((name) => name.toUpperCase())));
  for (const row of rows) console.log(line(names.map((name) => text(row[name]))));
}

/** Epoch milliseconds as people read them; empty for never. */
export function when(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms).toISOString().replace('T', ' ').slice(0, 16);
}

/** An error that the user can do something about: printed without a stack, exit code 1. */
export class CliError extends Error {
  override readonly name = 'CliError';
}
