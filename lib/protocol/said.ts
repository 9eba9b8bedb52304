import type { CommandResult } from './command.ts';
import { classify } from './failures.ts';

/** What a log may say of an answer: its statuses, those of collections behind the document's own; nothing of content. */
export function saidOf(result: CommandResult<unknown>): string {
  if (result.kind !== 'document') return result.kind;
  const { Status, Collections } = result.document as Answer;
  const statuses = [Status, ...(Collections?.Collection ?? []).map((one) => one.Status)];
  return statuses.filter((status) => typeof status === 'number').join(' ');
}

/** The same of a request that failed. */
export const failureSaid = (error: unknown): string => classify(error).label;

interface Answer {
  readonly Status?: unknown;
  readonly Collections?: { readonly Collection?: readonly { readonly Status?: unknown }[] };
}
