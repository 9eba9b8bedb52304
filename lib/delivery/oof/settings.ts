import { decideAgain } from '../../identity/retry.ts';
import type { Clock } from '../../ops/clock.ts';
import { type MailboxId, randomToken } from '../../ops/ids.ts';
import type { Row, Table, Value } from '../../store/ports.ts';
import { keys } from '../../store/schema.ts';

/** Whom an automatic reply is for (MS-ASCMD 2.2.3.123). */
export type Audience = 'internal' | 'known' | 'unknown';
export const AUDIENCES: readonly Audience[] = ['internal', 'known', 'unknown'];

export interface OofMessage {
  readonly enabled: boolean;
  /** Empty: nothing is said to this audience. */
  readonly text: string;
  readonly html: boolean;
}

export interface OofSettings {
  /** 0 off, 1 on until switched off, 2 between `start` and `end` (MS-ASCMD 2.2.3.124). */
  readonly state: 0 | 1 | 2;
  /** Epoch milliseconds, `end` exclusive; only with state 2. */
  readonly start?: number;
  readonly end?: number;
  /** Names the absence: who had a reply of it gets no second one. */
  readonly period: string;
  readonly messages: Readonly<Record<Audience, OofMessage>>;
}

/** What is absent stays as it is. */
export interface OofChange {
  readonly state?: 0 | 1 | 2;
  readonly start?: number;
  readonly end?: number;
  readonly messages?: Partial<Readonly<Record<Audience, OofMessage>>>;
}

export interface OofStore {
  get(mailbox: MailboxId): Promise<OofSettings>;
  /** A new absence begins where the state or the times change, and only there. */
  set(mailbox: MailboxId, change: OofChange): Promise<OofSettings>;
}

const SILENT: OofMessage = { enabled: false, text: '', html: false };
const OFF: OofSettings = { state: 0, period: '', messages: { internal: SILENT, known: SILENT, unknown: SILENT } };

export const isAway = ({ state, start = 0, end = 0 }: OofSettings, now: number) =>
  state === 1 || (state === 2 && now >= start && now < end);

export function oofStore(table: Pick<Table, 'get' | 'transact'>, clock: Clock): OofStore {
  const read = (mailbox: MailboxId) => table.get(keys.oof(mailbox), 'strong');
  return {
    get: async (mailbox) => settingsOf(await read(mailbox)),
    set: (mailbox, change) =>
      decideAgain(clock, async () => {
        const row = await read(mailbox);
        const after = changed(settingsOf(row), change);
        const { table: name, pk, sk } = keys.oof(mailbox);
        const revision = randomToken(9);
        const put: Row = { pk, sk, revision, ...(after as unknown as Record<string, Value>) };
        const when = row ? ({ equals: { revision: row.revision as string } } as const) : ({ row: 'absent' } as const);
        await table.transact([{ op: 'put', table: name, row: put, when }]);
        return after;
      }),
  };
}

function changed(before: OofSettings, change: OofChange): OofSettings {
  const state = change.state ?? before.state;
  // R7544: times are kept with state 2 alone.
  const { start, end } = state !== 2 ? {} : { start: change.start ?? before.start, end: change.end ?? before.end };
  const same = state === before.state && start === before.start && end === before.end;
  return {
    state,
    ...(start === undefined || end === undefined ? {} : { start, end }),
    period: same ? before.period : randomToken(9),
    messages: { ...before.messages, ...change.messages },
  };
}

function settingsOf(row: Row | undefined): OofSettings {
  if (!row) return OFF;
  const { state, start, end, period, messages } = row as unknown as OofSettings;
  return { state, ...(start === undefined ? {} : { start, end }), period, messages };
}
