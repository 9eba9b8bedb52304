import { describe, expect, test } from 'vitest';
import { decideFlag, type FlagElement, renderFlag } from '../../../lib/mail/flag.ts';
import type { EmailFlag } from '../../../lib/mail/types.ts';

const DAY = 86_400_000;
const ABOUT = { subject: 'Budget', meeting: false };
const DATES = { StartDate: DAY, UtcStartDate: DAY, DueDate: 2 * DAY, UtcDueDate: 2 * DAY };
const OLD: EmailFlag = {
  status: 2,
  type: 'Call back',
  subject: 'Old',
  dueDate: DAY,
  reminderSet: true,
  reminderTime: DAY,
};
const decided = (element: FlagElement, current?: EmailFlag, about = ABOUT) => decideFlag(element, current, about);

describe('a flag', () => {
  test.each<[string, FlagElement]>([
    ['Status 0', { Status: 0 }],
    ['Status 0, whatever stands beside it', { Status: 0, FlagType: 'x', DueDate: DAY }],
    ['an empty element', {}],
    ['an element of nothing but absent ones', { Status: undefined, FlagType: undefined }],
  ])('is cleared by %s [MS-ASEMAIL R88 R8800]', (_, element) => {
    expect(decided(element, OLD)).toEqual({ ok: true, flag: undefined });
  });

  test('is set with what stands in the element, and the subject of the message [MS-ASEMAIL R1053]', () => {
    const element: FlagElement = { Status: 2, FlagType: 'Follow up', ...DATES, OrdinalDate: 5, SubOrdinalDate: 'x' };
    expect(decided(element)).toEqual({
      ok: true,
      flag: {
        ...{ status: 2, type: 'Follow up', subject: 'Budget', ordinalDate: 5, subOrdinalDate: 'x' },
        ...{ startDate: DAY, utcStartDate: DAY, dueDate: 2 * DAY, utcDueDate: 2 * DAY },
      },
    });
    expect(decided({ ...element, Subject: 'Own' })).toMatchObject({ flag: { subject: 'Own' } });
  });

  test('set anew loses its dates and its reminder, and keeps type and subject', () => {
    expect(decided({ Status: 2 }, OLD)).toEqual({ ok: true, flag: { status: 2, type: 'Call back', subject: 'Old' } });
  });

  test('without Status is changed in what the element names [MS-ASEMAIL R90]', () => {
    const current: EmailFlag = { status: 2, type: 'a', subject: 's', reminderSet: true, reminderTime: DAY };
    expect(decided({ FlagType: 'b' }, current)).toEqual({ ok: true, flag: { ...current, type: 'b' } });
    expect(decided({ FlagType: 'b' })).toEqual({ ok: false });
  });

  test('that is completed keeps what it was about, but not its reminder [MS-ASEMAIL R86]', () => {
    const element: FlagElement = { Status: 1, CompleteTime: 5 * DAY, DateCompleted: 5 * DAY };
    const { dueDate: _, ...current } = OLD;
    const { reminderSet: __, ...kept } = current;
    expect(decided(element, current)).toEqual({
      ok: true,
      flag: { ...kept, status: 1, completeTime: 5 * DAY, dateCompleted: 5 * DAY },
    });
  });

  test('has a SubOrdinalDate of 255 characters at most', () => {
    expect(decided({ Status: 2, FlagType: 'x', SubOrdinalDate: 'y'.repeat(300) })).toMatchObject({
      flag: { subOrdinalDate: 'y'.repeat(255) },
    });
  });
});

describe('a flag is refused', () => {
  const active: FlagElement = { Status: 2, FlagType: 'x' };
  test.each<[string, FlagElement]>([
    ['of another status', { Status: 3, FlagType: 'x' }],
    ['with some of the four dates [MS-ASEMAIL R409]', { ...active, DueDate: DAY }],
    ['with three of the four dates', { ...active, ...DATES, UtcDueDate: undefined }],
    ['that begins after it is due', { ...active, ...DATES, StartDate: 3 * DAY }],
    ['that begins after it is due, in UTC', { ...active, ...DATES, UtcStartDate: 3 * DAY }],
    ['with a reminder at no time', { ...active, ReminderSet: true }],
    ['with DateCompleted alone [MS-ASEMAIL R359]', { ...active, DateCompleted: DAY }],
    ['that is complete at no time', { Status: 1 }],
    ['that is complete on no day', { Status: 1, CompleteTime: DAY }],
    ['that is active without a type', { Status: 2 }],
  ])('%s', (_, element) => {
    expect(decided(element)).toEqual({ ok: false });
  });

  test('but not a reminder that is off, dates that are one day, or an active flag with the dates of a completion', () => {
    expect(decided({ ...active, ReminderSet: false }).ok).toBe(true);
    expect(decided({ ...active, ...DATES, StartDate: 2 * DAY, UtcStartDate: 2 * DAY }).ok).toBe(true);
    expect(decided({ Status: 2, CompleteTime: DAY, DateCompleted: DAY }).ok).toBe(true);
  });

  test('but not on a meeting, which needs no type [MS-ASEMAIL R470 R1058]', () => {
    expect(decided({ Status: 2 }, undefined, { subject: 's', meeting: true })).toMatchObject({ ok: true });
  });
});

describe('a flag as it is told', () => {
  test('is an empty element where there is none [MS-ASEMAIL R437]', () => {
    expect(renderFlag(undefined)).toEqual({});
    expect(renderFlag({ status: 0, type: 'x' })).toEqual({});
  });

  test('is told as it was set', () => {
    const element: FlagElement = {
      ...{ Subject: 's', Status: 2, FlagType: 't', DateCompleted: 1, CompleteTime: 2, ...DATES },
      ...{ ReminderSet: true, ReminderTime: 7, OrdinalDate: 8, SubOrdinalDate: '9' },
    };
    const decision = decided(element);
    expect(decision.ok && renderFlag(decision.flag)).toEqual(element);
  });
});
