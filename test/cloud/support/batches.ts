/** How a shard's records come to a function: batches in lanes by partition key, retried, halved, given up. */
import type { LambdaRecord } from './event-source.ts';
import type { Synthesised } from './template.ts';

export type Invoke = (event: {
  Records: LambdaRecord[];
}) => Promise<{ batchItemFailures?: { itemIdentifier: string }[] } | undefined>;

export interface ShardLanes {
  /** Takes records in the order of the shard. */
  add(records: readonly LambdaRecord[]): void;
  /** When nothing is on its way. */
  settled(): Promise<unknown>;
}

interface Lane {
  readonly queue: LambdaRecord[];
  running: Promise<void> | undefined;
}

const RETRY_MS = 25;
export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * As many batches at once as the parallelisation factor says. All records of one partition key have the same lane, where
 * each batch waits for the one before it.
 */
export function shardLanes(
  settings: Omit<Synthesised['source'], 'filters' | 'start'>,
  invoke: Invoke,
  drop: (records: LambdaRecord[]) => void,
  stopped: { readonly is: boolean },
): ShardLanes {
  const lanes = Array.from({ length: settings.parallel }, (): Lane => ({ queue: [], running: undefined }));

  async function run(lane: Lane): Promise<void> {
    if (settings.windowMs > 0) await pause(settings.windowMs);
    while (lane.queue.length > 0 && !stopped.is) await deliver(lane.queue.splice(0, settings.batchSize));
    lane.running = undefined;
  }

  async function deliver(given: LambdaRecord[], attempt = 0): Promise<void> {
    const oldest = (Date.now() - settings.maxAgeMs) / 1000;
    const records = given.filter(({ dynamodb }) => dynamodb.ApproximateCreationDateTime >= oldest);
    if (records.length < given.length) drop(given.filter((record) => !records.includes(record)));
    if (records.length === 0 || stopped.is) return;
    const { rest, named } = await failed(records);
    if (rest.length === 0) return;
    if (attempt >= settings.retries) return drop(rest);
    await pause(RETRY_MS);
    // Halves, so that one bad record does not take the others with it; a place that was named needs no search.
    const half = settings.bisect && !named ? Math.ceil(rest.length / 2) : rest.length;
    await deliver(rest.slice(0, half), attempt + 1);
    await deliver(rest.slice(half), attempt + 1);
  }

  /** What has to come again. */
  async function failed(records: LambdaRecord[]) {
    try {
      const { batchItemFailures = [] } = (await invoke({ Records: records })) ?? {};
      const places = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      const first = records.findIndex(({ dynamodb }) => places.has(dynamodb.SequenceNumber));
      return { rest: settings.partial && first >= 0 ? records.slice(first) : [], named: true };
    } catch {
      return { rest: records, named: false };
    }
  }

  return {
    add(records) {
      for (const record of records) lanes[laneOf(record.dynamodb.Keys.pk!.S, lanes.length)]!.queue.push(record);
      for (const lane of lanes) {
        if (lane.queue.length === 0) continue;
        lane.running ??= run(lane);
      }
    },
    settled: () => Promise.all(lanes.map(({ running }) => running)),
  };
}

/** Any number that is the same for the same text. */
function laneOf(key: string, lanes: number): number {
  let sum = 0;
  for (const char of key) sum = (sum * 31 + char.charCodeAt(0)) >>> 0;
  return sum % lanes;
}
