import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { folderName, MAX_NAME, nameKey } from '../../../lib/mailbox/names.ts';
import { FolderInvalid } from '../../../lib/mailbox/types.ts';

describe('the name of a folder', () => {
  test.each([
    ['is kept as it is', 'Projekte 2026', 'Projekte 2026'],
    ['is composed', 'Fu\u0308r', 'F\u00fcr'],
    ['loses blanks around it', '  a b \u00a0', 'a b'],
    ['may be emoji', '📁', '📁'],
    ['may be as long as may be', 'x'.repeat(MAX_NAME), 'x'.repeat(MAX_NAME)],
  ])('%s', (_what, given, kept) => {
    expect(folderName(given)).toBe(kept);
  });

  test.each([
    ['nothing', ''],
    ['blanks', ' \t '],
    ['a NUL', 'a\0b'],
    ['a line feed', 'a\nb'],
    ['a C1 control', 'a\u0085b'],
    ['a line separator', 'a\u2028b'],
    ['half a character', 'a\ud800b'],
    ['one character too many', 'x'.repeat(MAX_NAME + 1)],
    ['a megabyte', 'x'.repeat(1_000_000)],
  ])('is not %s', (_what, given) => {
    expect(() => folderName(given)).toThrow(FolderInvalid);
  });

  test('that is kept would be kept again, and takes the place of itself in any case', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (given) => {
        let kept: string;
        try {
          kept = folderName(given);
        } catch {
          return;
        }
        expect(folderName(kept)).toBe(kept);
        expect(nameKey(kept)).toBe(nameKey(nameKey(kept)));
      }),
    );
  });

  test('differs from another by more than case and composition', () => {
    expect(nameKey('Für')).toBe(nameKey('FU\u0308R'));
    expect(nameKey('Fur')).not.toBe(nameKey('Für'));
  });
});
