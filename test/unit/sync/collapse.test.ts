import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChangeKind, LogRow } from '../../../lib/mailbox/types.ts';
import type { ItemId } from '../../../lib/ops/ids.ts';
import { beginFold, foldRow, type Outcome, type Own, outcomeOf, tells } from '../../../lib/sync/collapse.ts';

interface Step {
  readonly kind: ChangeKind;
  readonly own?: Own;
  readonly parts?: string;
}

const rowOf = ({ kind, parts }: Step, seq: number): LogRow => ({
  item: 'X' as ItemId,
  seq,
  n: 0,
  prev: seq - 1,
  kind,
  at: seq,
  ...(parts === undefined ? {} : { parts }),
});

function fold(steps: readonly Step[]) {
  const [first, ...rest] = steps;
  let folded = beginFold(rowOf(first!, 1), 0, first!.own ?? false);
  for (const [place, one] of rest.entries()) folded = foldRow(folded, rowOf(one, place + 2), one.own ?? false);
  return folded;
}

const steps = (text: string): Step[] =>
  text.split(' ').map((word) => {
    const own = word.startsWith('own-') || (word.startsWith('perhaps-') && 'perhaps');
    const [kind, parts] = word.replace(/^own-|^perhaps-/, '').split(':');
    return { kind: kind as ChangeKind, own, parts };
  });

describe('the changes of one item come to', () => {
  const table: readonly [rows: string, present: boolean, told: Outcome][] = [
    ['add', true, 'add'],
    ['add change', true, 'add'],
    ['add flags', true, 'add'],
    ['add delete', false, 'none'],
    ['add change delete', false, 'none'],
    ['change', true, 'change'],
    ['change flags', true, 'change'],
    ['flags change', true, 'change'],
    ['flags flags', true, 'flags'],
    ['change delete', false, 'delete'],
    ['flags delete', false, 'delete'],
    ['delete', false, 'delete'],
    // Gone before it was read: the delete row is still to come, and a delete beats everything.
    ['change', false, 'delete'],
    ['add', false, 'none'],
    // A device does not get its own change back, but everything after it.
    ['own-flags', true, 'none'],
    ['own-change', true, 'none'],
    ['own-add', true, 'none'],
    ['own-delete', false, 'none'],
    ['change own-delete', false, 'none'],
    ['flags:r own-delete', false, 'none'],
    ['add own-delete', false, 'none'],
    ['own-add change', true, 'change'],
    ['own-add flags', true, 'flags'],
    ['own-add delete', false, 'delete'],
    ['flags own-flags', true, 'flags'],
    ['own-flags flags', true, 'flags'],
    ['change own-delete', false, 'none'],
    ['add own-delete', false, 'none'],
    ['own-flags delete', false, 'delete'],
    // What it moved here it has or not: it is told what is there, and what is gone.
    ['perhaps-add', true, 'add'],
    ['perhaps-add flags:r', true, 'add'],
    ['perhaps-add own-flags', true, 'add'],
    ['perhaps-add delete', false, 'delete'],
    ['perhaps-add', false, 'delete'],
    ['perhaps-add perhaps-delete', false, 'delete'],
    ['perhaps-add own-delete', false, 'none'],
    ['perhaps-delete', false, 'delete'],
  ];
  test.each(table)('%s, item there %s: %s', (rows, present, told) => {
    expect(outcomeOf(fold(steps(rows)), present)).toBe(told);
  });

  test.each<[rows: string, present: boolean, told: Outcome]>([
    ['add', true, 'none'],
    ['add change', true, 'none'],
    ['change', true, 'leave'],
    ['flags', true, 'leave'],
    ['flags', false, 'delete'],
    ['delete', false, 'delete'],
    ['own-flags', true, 'none'],
    ['perhaps-add', true, 'leave'],
    ['perhaps-add', false, 'delete'],
  ])('outside of the filter: %s, item there %s: %s', (rows, present, told) => {
    const folded = { ...fold(steps(rows)), inside: false };
    expect(outcomeOf(folded, present)).toBe(told);
    if (told !== 'none') expect(tells(folded)).toBe(true);
  });

  test('the parts of all flag changes together', () => {
    expect(fold(steps('flags:r flags:fr')).parts).toBe('rf');
    expect(fold(steps('flags:r own-flags:c')).parts).toBe('r');
    expect(fold(steps('flags:r flags')).parts).toBeUndefined();
  });

  test('what a device that follows them one by one has in the end', () => {
    const kinds = fc.array(fc.constantFrom<ChangeKind>('change', 'flags'), { maxLength: 5 });
    const life = fc.record({ added: fc.boolean(), kinds, deleted: fc.boolean() });
    fc.assert(
      fc.property(life, ({ added, kinds: between, deleted }) => {
        const all: ChangeKind[] = [
          ...(added ? ['add' as const] : []),
          ...between,
          ...(deleted ? ['delete' as const] : []),
        ];
        fc.pre(all.length > 0);
        const told = outcomeOf(fold(all.map((kind) => ({ kind }))), !deleted);
        const has = told === 'add' || (!added && told !== 'delete');
        expect(has).toBe(!deleted);
        // An Add only of what it did not have, a Change only of what it had.
        if (told === 'add') expect(added).toBe(true);
        if (told === 'change' || told === 'flags' || told === 'delete') expect(added).toBe(false);
      }),
    );
  });

  test('an order by the first row, whatever follows', () => {
    expect(fold(steps('change flags delete')).first).toBe(0);
    expect(fold(steps('change flags')).lastSeq).toBe(2);
  });
});

describe('flag changes', () => {
  const parts = (text: string) => fold(steps(text)).parts;

  test('come to all the parts that they touched, each once', () => {
    expect(parts('flags:r flags:f flags:rc')).toBe('rfc');
    expect(parts('own-flags:r flags:f')).toBe('f');
  });

  test('do not tell their parts where one of them does not', () => {
    expect(parts('flags flags:r')).toBeUndefined();
    expect(parts('flags:r flags flags:f')).toBeUndefined();
  });

  test('are forgotten with the item that the device deleted itself', () => {
    expect(fold(steps('flags:r own-delete'))).toMatchObject({ had: false, gone: true, pending: 'none', parts: '' });
    expect(fold(steps('change own-delete'))).toMatchObject({ item: 'X', had: false, lastSeq: 2, lastAt: 2 });
  });
});
