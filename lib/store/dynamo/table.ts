import { randomUUID } from 'node:crypto';
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import pLimit, { type LimitFunction } from 'p-limit';
import { type Clock, sleep } from '../../ops/clock.ts';
import type { Consistency, Key, Query, Row, Table, TableName, Write } from '../ports.ts';
import { StoreUnavailable } from '../ports.ts';
import { sortRange } from '../range.ts';
import { checkKey, checkRow, checkSize, checkWrites } from '../rows.ts';
import { isReadThrottled, isThrottled, readError, writeError } from './errors.ts';
import { conditionParts, keyParts, updateParts } from './expressions.ts';
import { type Attributes, toAttributes, toRow } from './marshal.ts';

/** What one BatchGetItem takes. */
const BATCH = 100;
const PARALLEL_BATCHES = 4;
/** Attempts at keys that DynamoDB left unprocessed, and the first wait between them. */
const BATCH_ATTEMPTS = 8;
const BATCH_WAIT_MS = 25;
/** Attempts at what is refused for want of throughput, and the longest first wait; it doubles. */
const THROTTLED_ATTEMPTS = 7;
const THROTTLED_WAIT_MS = 50;

export interface DynamoClients {
  /** Repeats by itself: reads, and transactions, which carry a token. */
  readonly repeating: DynamoDBClient;
  /** Tries once: a single write has no token, and a repeated one would meet its own effect. */
  readonly once: DynamoDBClient;
}

export class DynamoTable implements Table {
  readonly #clients: DynamoClients;
  readonly #names: Readonly<Record<TableName, string>>;
  readonly #clock: Clock;
  /**
   * An operation that finds no free connection would wait for one inside the SDK, where its timeouts run already: of
   * five thousand phones that came to a new task at once, nearly all were refused.
   */
  readonly #turn: LimitFunction;

  /** @param atOnce operations under way; the rest wait for as long as it takes */
  constructor(clients: DynamoClients, names: Readonly<Record<TableName, string>>, clock: Clock, atOnce: number) {
    this.#clients = clients;
    this.#names = names;
    this.#clock = clock;
    this.#turn = pLimit(atOnce);
  }

  async get(key: Key, consistency: Consistency = 'strong'): Promise<Row | undefined> {
    checkKey(key.pk, key.sk);
    const asked = {
      TableName: this.#names[key.table],
      Key: keyAttributes(key),
      ConsistentRead: consistency === 'strong',
    };
    try {
      const { Item } = await this.#read(() => this.#clients.repeating.send(new GetItemCommand(asked)));
      return Item && toRow(Item);
    } catch (error) {
      throw readError(error);
    }
  }

  async batchGet(keys: readonly Key[], consistency: Consistency = 'strong'): Promise<readonly (Row | undefined)[]> {
    const distinct = new Map<string, Key>();
    for (const key of keys) {
      checkKey(key.pk, key.sk);
      distinct.set(nameOf(this.#names[key.table], key.pk, key.sk), key);
    }
    const rows = new Map<string, Row>();
    const all = [...distinct.values()];
    const chunks = Array.from({ length: Math.ceil(all.length / BATCH) }, (_, at) =>
      all.slice(at * BATCH, (at + 1) * BATCH),
    );
    const work = chunks.values();
    const worker = async () => {
      for (const chunk of work) await this.#batch(chunk, consistency, rows);
    };
    await Promise.all(Array.from({ length: Math.min(PARALLEL_BATCHES, chunks.length) }, worker));
    return keys.map(({ table, pk, sk }) => rows.get(nameOf(this.#names[table], pk, sk)));
  }

  async query(query: Query): Promise<readonly Row[]> {
    const range = sortRange(query);
    const limit = query.limit ?? Number.POSITIVE_INFINITY;
    if (!range || limit <= 0) return [];
    const rows: Row[] = [];
    let start: Attributes | undefined;
    try {
      do {
        const asked: QueryCommandInput = {
          TableName: this.#names[query.table],
          ...keyParts(query, range),
          ScanIndexForward: query.order !== 'descending',
          ConsistentRead: (query.consistency ?? 'strong') === 'strong',
          ...(Number.isFinite(limit) && { Limit: limit - rows.length }),
          ...(start && { ExclusiveStartKey: start }),
        };
        const { Items, LastEvaluatedKey } = await this.#read(() =>
          this.#clients.repeating.send(new QueryCommand(asked)),
        );
        for (const item of Items ?? []) {
          // The exclusive bound of a prefix was asked for as an inclusive one.
          if (item.sk?.S !== range.before) rows.push(toRow(item));
        }
        start = LastEvaluatedKey;
      } while (start && rows.length < limit);
    } catch (error) {
      throw readError(error);
    }
    return rows;
  }

  async transact(writes: readonly Write[]): Promise<void> {
    checkWrites(writes);
    for (const write of writes) checkContent(write);
    const [only] = writes;
    const alone = writes.length === 1 && only!.op !== 'check';
    try {
      await this.#unthrottled(isThrottled, () =>
        alone ? this.#single(only as Exclude<Write, { op: 'check' }>) : this.#together(writes),
      );
    } catch (error) {
      throw writeError(error, !alone);
    }
  }

  #read<T>(send: () => Promise<T>): Promise<T> {
    return this.#unthrottled(isReadThrottled, () => this.#turn(send));
  }

  /**
   * What was throttled was neither read nor written, and a phone would be told of trouble that is over in a moment. The
   * SDK repeats no cancelled transaction, no single write, and nothing that was throttled (see `openDynamoStore`).
   */
  async #unthrottled<T>(throttled: (error: unknown) => boolean, run: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run();
      } catch (error) {
        if (attempt === THROTTLED_ATTEMPTS || !throttled(error)) throw error;
        await sleep(this.#clock, (0.5 + Math.random() / 2) * THROTTLED_WAIT_MS * 2 ** (attempt - 1));
      }
    }
  }

  async #together(writes: readonly Write[]): Promise<void> {
    const TransactItems = writes.map((write) => this.#item(write));
    const asked = { TransactItems, ClientRequestToken: randomUUID() };
    await this.#turn(() => this.#clients.repeating.send(new TransactWriteItemsCommand(asked)));
  }

  async #single(write: Exclude<Write, { op: 'check' }>): Promise<void> {
    const { Put, Update, Delete } = this.#item(write);
    if (Put) await this.#turn(() => this.#clients.once.send(new PutItemCommand(Put)));
    if (Update) await this.#turn(() => this.#clients.once.send(new UpdateItemCommand(Update)));
    if (Delete) await this.#turn(() => this.#clients.once.send(new DeleteItemCommand(Delete)));
  }

  #item(write: Write): TransactWriteItem {
    if (write.op === 'put') {
      const TableName = this.#names[write.table];
      return { Put: { TableName, Item: toAttributes(write.row), ...conditionParts(write.when) } };
    }
    const target = { TableName: this.#names[write.key.table], Key: keyAttributes(write.key) };
    switch (write.op) {
      case 'update':
        return { Update: { ...target, ...updateParts(write) } };
      case 'delete':
        return { Delete: { ...target, ...conditionParts(write.when) } };
      case 'check':
        return { ConditionCheck: { ...target, ...(conditionParts(write.when) as { ConditionExpression: string }) } };
    }
  }

  async #batch(keys: readonly Key[], consistency: Consistency, rows: Map<string, Row>): Promise<void> {
    const ConsistentRead = consistency === 'strong';
    let request: Record<string, { Keys: Attributes[]; ConsistentRead: boolean }> = {};
    for (const key of keys) {
      const name = this.#names[key.table];
      request[name] ??= { Keys: [], ConsistentRead };
      request[name].Keys.push(keyAttributes(key));
    }
    for (let attempt = 0; attempt < BATCH_ATTEMPTS; attempt++) {
      if (attempt > 0) await sleep(this.#clock, Math.random() * BATCH_WAIT_MS * 2 ** attempt);
      const asked = { RequestItems: request };
      const send = () => this.#clients.repeating.send(new BatchGetItemCommand(asked));
      const { Responses = {}, UnprocessedKeys = {} } = await this.#read(send).catch((error) => {
        throw readError(error);
      });
      for (const [name, items] of Object.entries(Responses)) {
        for (const item of items) {
          const row = toRow(item);
          rows.set(nameOf(name, row.pk, row.sk), row);
        }
      }
      request = Object.fromEntries(
        Object.entries(UnprocessedKeys).map(([name, { Keys = [] }]) => [name, { Keys, ConsistentRead }]),
      );
      if (Object.keys(request).length === 0) return;
    }
    throw new StoreUnavailable('DynamoDB keeps leaving keys unprocessed');
  }
}

function checkContent(write: Write): void {
  if (write.op === 'put') {
    checkRow(write.row);
    checkSize(write.row, Number.POSITIVE_INFINITY);
  } else if (write.op === 'update' && write.set) checkRow({ ...write.key, table: undefined, ...write.set });
}

function keyAttributes({ pk, sk }: Key): Attributes {
  return { pk: { S: pk }, sk: { S: sk } };
}

const nameOf = (table: string, pk: string, sk: string) => `${table}\n${pk.length}\n${pk}${sk}`;
