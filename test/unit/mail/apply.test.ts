import { describe, expect, test } from 'vitest';
import type { Email } from '../../../lib/documents/items/email.ts';
import { type Applied, applyEmailChange, flagParts } from '../../../lib/mail/apply.ts';
import type { EmailContent, EmailFlag } from '../../../lib/mail/types.ts';
import { emailContent } from '../../support/mailboxes.ts';

const content = emailContent('a');
const apply = (change: Email, over: Partial<EmailContent> = {}) => applyEmailChange({ ...content, ...over }, change);
const flagged = (applied: Applied): EmailFlag | undefined => {
  if (applied.result !== 'changed') throw new Error(applied.result);
  return applied.content.flag;
};
const REFUSED = { result: 'refused', status: 6 };
const dates = { StartDate: 1, UtcStartDate: 1, DueDate: 9, UtcDueDate: 9 };
const active = { Status: 2, FlagType: 'Flag for follow up' };
const done = { Status: 1, CompleteTime: 5, DateCompleted: 5 };

describe('the read state', () => {
  test('is changed to what the client says [MS-ASEMAIL R640 R641]', () => {
    expect(apply({ Read: true })).toMatchObject({
      result: 'changed',
      kind: 'flags',
      parts: 'r',
      content: { read: true },
    });
    expect(apply({ Read: false }, { read: true })).toMatchObject({ result: 'changed', content: { read: false } });
  });

  test('that is so already is no change', () => {
    expect(apply({ Read: false })).toEqual({ result: 'same' });
    expect(apply({})).toEqual({ result: 'same' });
  });
});

describe('categories', () => {
  test('are replaced, removed by an empty container, and stay without one [MS-ASEMAIL R319 R320]', () => {
    const red = { categories: ['red'] };
    expect(apply({ Categories: { Category: ['blue', 'blue', ' '] } }, red)).toMatchObject({
      parts: 'c',
      content: { categories: ['blue'] },
    });
    const removed = apply({ Categories: { Category: [] } }, red);
    expect(removed).toMatchObject({ result: 'changed', parts: 'c' });
    expect(removed.result === 'changed' && 'categories' in removed.content).toBe(false);
    expect(apply({ Read: true }, red)).toMatchObject({ parts: 'r', content: red });
    expect(apply({ Categories: { Category: ['red'] } }, red)).toEqual({ result: 'same' });
  });
});

describe('a follow-up flag', () => {
  test('is set with its four dates [MS-ASEMAIL R940]', () => {
    expect(flagged(apply({ Flag: { ...active, ...dates } }))).toEqual({
      status: 2,
      type: 'Flag for follow up',
      subject: 'Subject a',
      startDate: 1,
      utcStartDate: 1,
      dueDate: 9,
      utcDueDate: 9,
    });
  });

  test('is set with the dates of a completion [MS-ASEMAIL R941]', () => {
    expect(apply({ Flag: { ...active, CompleteTime: 5, DateCompleted: 5 } })).toMatchObject({ result: 'changed' });
    expect(apply({ Flag: { Status: 2, CompleteTime: 5, DateCompleted: 5 } })).toMatchObject({ result: 'changed' });
  });

  test('takes the subject of the message unless it has its own', () => {
    expect(flagged(apply({ Flag: active }))!.subject).toBe('Subject a');
    expect(flagged(apply({ Flag: { ...active, Subject: 'Call' } }))!.subject).toBe('Call');
  });

  test('needs all four dates or none [MS-ASEMAIL R409 R853 R864]', () => {
    expect(apply({ Flag: active })).toMatchObject({ result: 'changed' });
    for (const missing of ['StartDate', 'UtcStartDate', 'DueDate', 'UtcDueDate']) {
      expect(apply({ Flag: { ...active, ...dates, [missing]: undefined } })).toEqual(REFUSED);
    }
  });

  test.each([
    ['due before its start [MS-ASEMAIL R407 R739 R741]', { ...active, ...dates, StartDate: 10 }],
    ['due before its start in UTC [MS-ASEMAIL R851 R862]', { ...active, ...dates, UtcStartDate: 10 }],
    ['of a status that there is not [MS-ASEMAIL R757]', { ...active, Status: 3 }],
    ['without a type [MS-ASEMAIL R92]', { Status: 2 }],
    ['complete without CompleteTime [MS-ASEMAIL R86 R92]', { Status: 1, DateCompleted: 5 }],
    ['complete without DateCompleted [MS-ASEMAIL R86 R92]', { Status: 1, CompleteTime: 5 }],
    ['with DateCompleted alone [MS-ASEMAIL R359]', { ...active, DateCompleted: 5 }],
    ['with a reminder and no time for it', { ...active, ReminderSet: true }],
    ['without a status where there was none', { FlagType: 'x' }],
  ])('%s is refused', (_name, Flag) => {
    expect(apply({ Flag })).toEqual(REFUSED);
  });

  test('is complete with both its times, and keeps what it was about [MS-ASEMAIL R86]', () => {
    const flag: EmailFlag = { status: 2, type: 'Flag for follow up', subject: 's', reminderSet: true, reminderTime: 3 };
    expect(flagged(apply({ Flag: done }, { flag }))).toEqual({
      status: 1,
      type: 'Flag for follow up',
      subject: 's',
      reminderTime: 3,
      completeTime: 5,
      dateCompleted: 5,
    });
    expect(apply({ Flag: done })).toMatchObject({ result: 'changed' });
  });

  test('is cleared by status 0 or an empty element [MS-ASEMAIL R88 R8800]', () => {
    const flag: EmailFlag = { status: 2, type: 'x' };
    for (const Flag of [{}, { Status: 0 }]) {
      const applied = apply({ Flag }, { flag });
      expect(applied).toMatchObject({ result: 'changed', parts: 'f' });
      expect(flagged(applied)).toBeUndefined();
      expect(apply({ Flag })).toEqual({ result: 'same' });
    }
  });

  test('can have some of its properties updated [MS-ASEMAIL R90]', () => {
    const flag: EmailFlag = { status: 2, type: 'x', subject: 's', ordinalDate: 1 };
    expect(flagged(apply({ Flag: { ...dates, FlagType: 'y' } }, { flag }))).toMatchObject({
      status: 2,
      type: 'y',
      subject: 's',
      ordinalDate: 1,
      dueDate: 9,
    });
  });

  test('set anew forgets dates that are left out', () => {
    const flag: EmailFlag = { status: 2, type: 'x', startDate: 1, utcStartDate: 1, dueDate: 9, utcDueDate: 9 };
    expect(flagged(apply({ Flag: active }, { flag }))).toEqual({
      status: 2,
      type: 'Flag for follow up',
      subject: 'Subject a',
    });
  });

  test('of a meeting needs no type [MS-ASEMAIL R470 R1058]', () => {
    for (const messageClass of ['IPM.Schedule.Meeting.Request', 'IPM.Schedule.Meeting.Resp.Pos']) {
      expect(apply({ Flag: { Status: 2 } }, { messageClass })).toMatchObject({ result: 'changed' });
    }
  });

  test('that is so already is no change', () => {
    const flag: EmailFlag = { subject: 'Subject a', type: 'Flag for follow up', status: 2 };
    expect(apply({ Flag: active }, { flag })).toEqual({ result: 'same' });
  });
});

describe('what only the server may change', () => {
  test.each<[string, Email]>([
    ['ConversationId [MS-ASEMAIL R347]', { ConversationId: new Uint8Array(16) }],
    ['ReceivedAsBcc [MS-ASEMAIL R648]', { ReceivedAsBcc: false }],
    ['Sender [MS-ASEMAIL R723]', { Sender: '' }],
  ])('%s is refused with status 6', (_name, change) => {
    expect(apply({ ...change, Read: true })).toEqual(REFUSED);
  });
});

test('several changes are told as one', () => {
  const applied = apply({ Read: true, Flag: active, Categories: { Category: ['red'] } });
  expect(applied).toMatchObject({ parts: 'rfc', kind: 'flags' });
  if (applied.result === 'changed') expect(flagParts(content, applied.content)).toBe('rfc');
  expect(flagParts(content, content)).toBe('');
});
