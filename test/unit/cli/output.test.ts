import { expect, it, onTestFinished, vi } from 'vitest';
import { printList } from '../../../bin/cli/output.ts';

function printed(json: boolean): string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  onTestFinished(() => spy.mockRestore());
  const os = 'iOS\u001b[2J\u009b1m\r\u202e\u2028\n18';
  printList([{ os, access: true, wipe: undefined, count: 3 }], json);
  return lines;
}

it('lets nothing that a device said of itself steer the terminal', () => {
  const [head, row] = printed(false);
  expect(head).toMatch(/^OS +ACCESS {2}WIPE {2}COUNT$/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is not printed
  expect(row).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e\u2028]/);
  expect(row).toMatch(/^iOS.*18 +yes +3$/);
});

it('gives programs what was said, as JSON writes it', () => {
  const [text] = printed(true);
  expect(JSON.parse(text!)).toEqual([{ os: 'iOS\u001b[2J\u009b1m\r\u202e\u2028\n18', access: true, count: 3 }]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these would steer the terminal
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});
