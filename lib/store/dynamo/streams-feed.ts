/**
 * Follows the stream of the `mailboxes` table: every shard that is open when it starts from its end (`LATEST`), every
 * shard that appears later from its beginning. A child is read once its parent is finished, so that each row's changes
 * stay in order. One process reads the whole stream; AWS serves two readers of a shard well.
 */
import {
  type _Record,
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type Shard,
} from '@aws-sdk/client-dynamodb-streams';
import { type Cancel, type Clock, sleep } from '../../ops/clock.ts';
import { errorFields, type Log } from '../../ops/log.ts';
import type { Feed, FeedRecord } from '../ports.ts';
import { type Attributes, toRow } from './marshal.ts';
import { isFed } from './traits.ts';

type Listener = (records: readonly FeedRecord[]) => void;

export interface StreamsFeedOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Between two reads of a quiet shard. */
  readonly pollMs: number;
}

/** Where a shard is read. */
interface Position {
  iterator: string | undefined;
  /** Of the last record that was read. */
  sequence?: string;
  /** When the last read was asked for that left nothing behind it, epoch ms. */
  quiet?: number;
  /** Set when the shard is read again from its beginning: what is older is known, and is not told. */
  again?: number;
}

/** New shards are also looked for without a reason, in case a stream begins one without ending another. */
const DISCOVER_MS = 10_000;
const MAX_BACKOFF_MS = 10_000;
/** Times of records have whole seconds and come from another clock. */
const SLACK_MS = 10_000;

export class StreamsFeed implements Feed {
  readonly #client: DynamoDBStreamsClient;
  readonly #stream: string;
  readonly #options: StreamsFeedOptions;
  readonly #listeners = new Set<Listener>();
  /** Shards that were seen: being read, or `done`. */
  readonly #shards = new Map<string, 'reading' | 'done'>();
  readonly #stopped = new AbortController();
  /** A look for new shards is under way, or another one must follow it. */
  #discovering: 'no' | 'yes' | 'again' = 'no';

  constructor(client: DynamoDBStreamsClient, stream: string, options: StreamsFeedOptions) {
    this.#client = client;
    this.#stream = stream;
    this.#options = options;
  }

  /** Resolves when everything that is committed from now on will be told. @throws what the stream's description throws */
  async start(): Promise<void> {
    const quiet = this.#options.clock.now();
    const shards = await this.#describe();
    const parents = new Set(shards.map(({ ParentShardId }) => ParentShardId));
    await Promise.all(
      shards.map(async (shard) => {
        const id = shard.ShardId!;
        // Its end was written before the start. Dynoxide names one also for a shard that goes on: only children prove it.
        if (shard.SequenceNumberRange?.EndingSequenceNumber && parents.has(id)) {
          this.#shards.set(id, 'done');
          return;
        }
        const iterator = await this.#iterator(id, 'LATEST');
        this.#shards.set(id, 'reading');
        this.#follow(id, { iterator, quiet });
      }),
    );
    this.#discoverLater();
  }

  subscribe(listener: Listener): Cancel {
    const own: Listener = (records) => listener(records);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  close(): void {
    this.#listeners.clear();
    this.#stopped.abort(new Error('the feed is closed'));
  }

  #follow(shard: string, position: Position): void {
    this.#read(shard, position)
      .catch((error) => {
        if (!this.#stopped.signal.aborted) this.#options.log.error('feed.shard', errorFields(error));
      })
      .finally(() => {
        this.#shards.set(shard, 'done');
        this.#discover();
      });
  }

  /** Reads one shard to its end. */
  async #read(shard: string, position: Position): Promise<void> {
    const { clock, pollMs } = this.#options;
    for (let failures = 0; ; ) {
      try {
        position.iterator ??= await this.#iterator(
          shard,
          position.sequence ? 'AFTER_SEQUENCE_NUMBER' : 'TRIM_HORIZON',
          position.sequence,
        );
        const asked = clock.now();
        const { Records = [], NextShardIterator } = await this.#client.send(
          new GetRecordsCommand({ ShardIterator: position.iterator, Limit: 1000 }),
          { abortSignal: this.#stopped.signal },
        );
        failures = 0;
        this.#tell(Records, position.again);
        position.sequence = Records.at(-1)?.dynamodb?.SequenceNumber ?? position.sequence;
        if (Records.length === 0) position.quiet = asked;
        if (!NextShardIterator) return;
        position.iterator = NextShardIterator;
        // A page that was not empty may have more behind it.
        if (Records.length === 0) await sleep(clock, pollMs, this.#stopped.signal);
      } catch (error) {
        this.#stopped.signal.throwIfAborted();
        if (this.#recover(position, error) === 'gone') return;
        await this.#backOff(failures++);
      }
    }
  }

  /** What to do about a failed read: which iterator to ask for next. */
  #recover(position: Position, error: unknown): 'again' | 'gone' {
    const { name } = error as { name?: string };
    if (name === 'ResourceNotFoundException') return 'gone';
    if (name === 'ExpiredIteratorException') {
      position.iterator = undefined;
      // A quiet shard has no record to go on from: there is only its beginning.
      if (!position.sequence) position.again = position.quiet;
    }
    if (name === 'TrimmedDataAccessException') {
      // What lay there is a day old. What is left is read from its beginning.
      position.iterator = undefined;
      position.sequence = undefined;
    }
    this.#options.log.warn('feed.read', errorFields(error));
    return 'again';
  }

  #backOff(failures: number): Promise<void> {
    const { clock, pollMs } = this.#options;
    const most = Math.min(MAX_BACKOFF_MS, pollMs * 2 ** (failures + 1));
    return sleep(clock, most * (0.5 + Math.random() / 2), this.#stopped.signal);
  }

  #discover(): void {
    if (this.#discovering !== 'no') {
      // A shard may have ended after the look that is under way saw it.
      this.#discovering = 'again';
      return;
    }
    this.#discovering = 'yes';
    void this.#discoverNow().finally(() => {
      const again = this.#discovering === 'again' && !this.#stopped.signal.aborted;
      this.#discovering = 'no';
      if (again) this.#discover();
    });
  }

  async #discoverNow(): Promise<void> {
    for (let failures = 0; !this.#stopped.signal.aborted; failures++) {
      try {
        const shards = await this.#describe();
        const present = new Set(shards.map(({ ShardId }) => ShardId));
        for (const [id, state] of this.#shards) if (state === 'done' && !present.has(id)) this.#shards.delete(id);
        for (const { ShardId, ParentShardId } of shards) {
          if (this.#shards.has(ShardId!) || this.#shards.get(ParentShardId ?? '') === 'reading') continue;
          // A parent that is listed but not yet read comes first; its end leads here again.
          if (ParentShardId && present.has(ParentShardId) && !this.#shards.has(ParentShardId)) continue;
          this.#shards.set(ShardId!, 'reading');
          this.#follow(ShardId!, { iterator: undefined });
        }
        return;
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        this.#options.log.warn('feed.discover', errorFields(error));
        await this.#backOff(failures).catch(() => {});
      }
    }
  }

  #discoverLater(): void {
    const cancel = this.#options.clock.after(DISCOVER_MS, () => {
      this.#discover();
      this.#discoverLater();
    });
    this.#stopped.signal.addEventListener('abort', cancel, { once: true });
  }

  async #describe(): Promise<Shard[]> {
    const shards: Shard[] = [];
    let start: string | undefined;
    do {
      const { StreamDescription } = await this.#client.send(
        new DescribeStreamCommand({ StreamArn: this.#stream, ExclusiveStartShardId: start }),
        { abortSignal: this.#stopped.signal },
      );
      shards.push(...(StreamDescription?.Shards ?? []));
      start = StreamDescription?.LastEvaluatedShardId;
    } while (start);
    return shards;
  }

  async #iterator(
    shard: string,
    type: 'LATEST' | 'TRIM_HORIZON' | 'AFTER_SEQUENCE_NUMBER',
    sequence?: string,
  ): Promise<string | undefined> {
    const { ShardIterator } = await this.#client.send(
      new GetShardIteratorCommand({
        StreamArn: this.#stream,
        ShardId: shard,
        ShardIteratorType: type,
        SequenceNumber: sequence,
      }),
      { abortSignal: this.#stopped.signal },
    );
    return ShardIterator;
  }

  #tell(records: readonly _Record[], since = Number.NEGATIVE_INFINITY): void {
    const told = records.flatMap((record) => {
      const at = record.dynamodb?.ApproximateCreationDateTime?.getTime() ?? Number.POSITIVE_INFINITY;
      const head = at >= since - SLACK_MS && toFeedRecord(record);
      return head ? [head] : [];
    });
    if (told.length === 0) return;
    for (const listener of [...this.#listeners]) {
      try {
        listener(told);
      } catch (error) {
        this.#options.log.error('feed.listener', errorFields(error));
      }
    }
  }
}

/** The change of a folder head or `STATE` row, `undefined` for other rows. */
export function toFeedRecord({ dynamodb }: _Record): FeedRecord | undefined {
  const pk = dynamodb?.Keys?.pk?.S;
  const sk = dynamodb?.Keys?.sk?.S;
  if (pk === undefined || sk === undefined || !isFed(sk)) return undefined;
  const image = dynamodb?.NewImage as Attributes | undefined;
  return { pk, sk, row: image && toRow(image) };
}
