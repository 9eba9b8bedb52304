import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import type { MailboxId } from '../ops/ids.ts';
import type { Waker } from '../push/wake.ts';
import { wakesOf } from '../push/wake.ts';
import type { FeedRecord, Row } from '../store/ports.ts';
import { mailboxOf } from '../store/schema.ts';
import type { Base } from './base.ts';

type Attributes = Readonly<Record<string, { readonly S?: string; readonly N?: string } | undefined>>;

/**
 * A batch of the mailboxes' stream to the tasks. A task that could not be told is counted and left to the holders'
 * sweep: telling it again would keep all others of the shard waiting. Only where the waiters could not be read at all
 * does the batch come again, from the first record that concerns.
 */
export async function wakeFromStream(
  event: DynamoDBStreamEvent,
  { waker, metrics, clock }: Pick<Base, 'metrics' | 'clock'> & { readonly waker: Waker },
): Promise<DynamoDBBatchResponse> {
  const records = event.Records.flatMap((record) => feedRecord(record) ?? []);
  const wakes = wakesOf(records);
  if (wakes.length === 0) return { batchItemFailures: [] };
  const { stale, unread } = await waker.tell(wakes, 'feed');
  if (stale > 0) metrics.add('StaleWaiters', stale);
  const now = clock.now();
  for (const { at } of wakes) if (at !== undefined) metrics.add('CommitToWake', Math.max(0, now - at));
  return { batchItemFailures: firstOf(unread, event.Records) };
}

/** The place in the shard from which the source goes on: everything before it is done. */
function firstOf(unread: readonly MailboxId[], records: readonly DynamoDBRecord[]) {
  const first = records.find(({ dynamodb }) => {
    const mailbox = mailboxOf(dynamodb?.Keys?.pk?.S ?? '');
    return mailbox !== undefined && unread.includes(mailbox);
  });
  const itemIdentifier = first?.dynamodb?.SequenceNumber;
  return itemIdentifier === undefined ? [] : [{ itemIdentifier }];
}

/** The few attributes that a wake is made of. */
function feedRecord({ dynamodb }: DynamoDBRecord): FeedRecord | undefined {
  const { Keys, NewImage } = dynamodb ?? {};
  const pk = Keys?.pk?.S;
  const sk = Keys?.sk?.S;
  if (pk === undefined || sk === undefined) return undefined;
  return { pk, sk, ...(NewImage && { row: rowOf(pk, sk, NewImage as Attributes) }) };
}

function rowOf(pk: string, sk: string, image: Attributes): Row {
  const numbers = (['seq', 'added', 'at'] as const).flatMap((name) => {
    const text = image[name]?.N;
    return text === undefined ? [] : [[name, Number(text)] as const];
  });
  return { pk, sk, ...Object.fromEntries(numbers) };
}
