/** The follow-up flag: MS-ASEMAIL 2.2.2.34 and the table of 3.2.5.4.2. */
import type { Email } from '../documents/items/email.ts';
import type { EmailFlag } from './types.ts';

export type FlagElement = NonNullable<Email['Flag']>;

/** MS-ASEMAIL R437: a message without a flag has an empty one. */
export function renderFlag(flag: EmailFlag | undefined): FlagElement {
  if (!flag || flag.status === 0) return {};
  return {
    Subject: flag.subject,
    Status: flag.status,
    FlagType: flag.type,
    DateCompleted: flag.dateCompleted,
    CompleteTime: flag.completeTime,
    StartDate: flag.startDate,
    DueDate: flag.dueDate,
    UtcStartDate: flag.utcStartDate,
    UtcDueDate: flag.utcDueDate,
    ReminderSet: flag.reminderSet,
    ReminderTime: flag.reminderTime,
    OrdinalDate: flag.ordinalDate,
    SubOrdinalDate: flag.subOrdinalDate,
  };
}

/** The flag after a client's element, `undefined` for none; or that the element breaks a rule (status 6). */
export type FlagDecision = { readonly ok: true; readonly flag: EmailFlag | undefined } | { readonly ok: false };

const REFUSED: FlagDecision = { ok: false };

export function decideFlag(
  element: FlagElement,
  current: EmailFlag | undefined,
  message: { readonly subject: string; readonly meeting: boolean },
): FlagDecision {
  // R88, R8800: Status 0 or an empty node clears the flag.
  if (element.Status === 0 || Object.values(element).every((value) => value === undefined)) {
    return { ok: true, flag: undefined };
  }
  const status = element.Status ?? current?.status;
  if (status !== 1 && status !== 2) return REFUSED;
  const flag = status === 1 ? completed(element, current) : active(element, current, status, message.subject);
  return consistent(flag, message.meeting) ? { ok: true, flag } : REFUSED;
}

/** R86: marking complete keeps what the flag was about. */
function completed(element: FlagElement, current: EmailFlag | undefined): EmailFlag {
  return defined({ ...current, ...fields(element), status: 1, reminderSet: element.ReminderSet });
}

/** A flag set anew replaces the old one (dates left out are NULL); without Status it is an update of some properties (R90). */
function active(element: FlagElement, current: EmailFlag | undefined, status: 1 | 2, subject: string): EmailFlag {
  const base = element.Status === undefined ? current : { type: current?.type, subject: current?.subject };
  const flag = defined({ ...base, ...fields(element), status });
  // R1053: the subject of the message, where the client states none.
  return flag.subject === undefined ? { ...flag, subject } : flag;
}

function fields(element: FlagElement): Partial<EmailFlag> {
  return defined({
    type: element.FlagType,
    subject: element.Subject,
    startDate: element.StartDate,
    utcStartDate: element.UtcStartDate,
    dueDate: element.DueDate,
    utcDueDate: element.UtcDueDate,
    completeTime: element.CompleteTime,
    dateCompleted: element.DateCompleted,
    reminderSet: element.ReminderSet,
    reminderTime: element.ReminderTime,
    ordinalDate: element.OrdinalDate,
    subOrdinalDate: element.SubOrdinalDate?.slice(0, 255),
  });
}

function consistent(flag: EmailFlag, meeting: boolean): boolean {
  const dates = [flag.startDate, flag.utcStartDate, flag.dueDate, flag.utcDueDate];
  const set = dates.filter((date) => date !== undefined).length;
  // R409, R853, R864: all four dates or none.
  if (set !== 0 && set !== dates.length) return false;
  // R407, R739, R851, R862.
  if (set > 0 && (flag.startDate! > flag.dueDate! || flag.utcStartDate! > flag.utcDueDate!)) return false;
  if (flag.reminderSet && flag.reminderTime === undefined) return false;
  // R359; the other way round is only a SHOULD (R335).
  if (flag.dateCompleted !== undefined && flag.completeTime === undefined) return false;
  const completion = flag.completeTime !== undefined && flag.dateCompleted !== undefined;
  if (flag.status === 1) return completion;
  // R940-R943: an active flag has a type, or the dates of a completion; R470, R1058: meetings need no type.
  return flag.type !== undefined || completion || meeting;
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
