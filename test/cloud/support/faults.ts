/** What goes wrong between a phone's Ping and its answer, one fault a row. */
import type { WakeTransportName } from '../../../lib/infra/props.ts';
import type { Behaviour, FlakyProxy } from '../../support/flaky-proxy.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

export interface Fault {
  readonly name: string;
  /** Where it can happen; both transports where absent. */
  readonly on?: WakeTransportName;
  /** Begins before the phone sends its Ping instead of before the message arrives. */
  readonly early?: true;
  begin(world: World): Promise<void> | void;
  /** After the message is in the mailbox. */
  end?(world: World): Promise<void> | void;
}

/** The writer's own wake reaches nobody, so that the stream must bring it. */
const onlyByStream = ({ cloud }: World) => {
  if (cloud.transport === 'websocket') cloud.wire.refuse(500, 4);
};

/** The first `times` calls of these operations end so. */
function first(proxy: FlakyProxy, operations: readonly string[], behaviour: Behaviour, times: number): void {
  let left = times;
  proxy.behave = ({ operation }) => (operations.includes(operation) && left-- > 0 ? behaviour : 'pass');
}

const READS = ['GetItem', 'BatchGetItem', 'Query'];
const SINGLE = ['PutItem', 'UpdateItem', 'DeleteItem'];
const TOGETHER = ['TransactWriteItems'];

const cancelled = (Code: string): Behaviour => ({
  error: 'TransactionCanceledException',
  rest: { CancellationReasons: [{ Code: 'None' }, { Code }] },
});

const TABLES: readonly Fault[] = [
  ...(['ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded'] as const).map(
    (error): Fault => ({
      name: `the tables refuse every third request with ${error}, from the Ping to its answer`,
      early: true,
      begin({ cloud: { tables } }) {
        let calls = 0;
        for (const proxy of Object.values(tables)) proxy.behave = () => (calls++ % 3 === 0 ? { error } : 'pass');
      },
    }),
  ),
  {
    name: 'the registration of the Ping is throttled five times',
    early: true,
    begin: ({ cloud: { tables } }) =>
      first(tables.others, [...SINGLE, ...TOGETHER], { error: 'ProvisionedThroughputExceededException' }, 5),
  },
  {
    name: 'the answer to the registration is lost',
    early: true,
    begin: ({ cloud: { tables } }) => first(tables.others, ['PutItem', 'TransactWriteItems'], 'lose', 1),
  },
  {
    name: 'nothing can be read or written for a second and a half when the message arrives',
    begin({ cloud: { tables } }) {
      const end = performance.now() + 1500;
      tables.others.behave = () => (performance.now() < end ? { error: 'ThrottlingException' } : 'pass');
    },
  },
  ...(['ThrottlingError', 'ProvisionedThroughputExceeded', 'TransactionConflict'] as const).map(
    (code): Fault => ({
      name: `the delivery is cancelled three times by ${code}`,
      begin: ({ cloud: { tables } }) => first(tables.others, TOGETHER, cancelled(code), 3),
    }),
  ),
  {
    name: 'the answers to two transactions of the delivery are lost: one message all the same',
    begin: ({ cloud: { tables } }) => first(tables.others, TOGETHER, 'lose', 2),
  },
  {
    name: 'connections to the tables break before two transactions of the delivery',
    begin: ({ cloud: { tables } }) => first(tables.others, TOGETHER, 'drop', 2),
  },
  {
    name: 'the look at the mailbox is throttled where the wake comes',
    begin: ({ cloud: { tables } }) => first(tables.others, READS, { error: 'ThrottlingException' }, 6),
  },
];

const WAKING: readonly Fault[] = [
  {
    name: 'the wake function fails twice: the batch comes again',
    begin(world) {
      onlyByStream(world);
      world.cloud.lambdas.wake.fail(2);
    },
  },
  {
    name: 'the wake function runs out of time twice, in the middle of its work',
    begin(world) {
      onlyByStream(world);
      world.cloud.lambdas.wake.cut(2, 1);
    },
  },
  {
    name: 'the wake function cannot read who waits: the batch comes again from there',
    begin(world) {
      onlyByStream(world);
      first(world.cloud.tables.wake, ['Query'], { error: 'ProvisionedThroughputExceededException' }, 7);
    },
  },
  {
    name: 'the wake function gets no answer when it reads who waits',
    begin(world) {
      onlyByStream(world);
      first(world.cloud.tables.wake, ['Query'], 'hang', 1);
    },
  },
  {
    name: 'the function that takes mail in runs out of time twice: one message all the same',
    begin: ({ cloud: { lambdas } }) => lambdas.ingest.cut(2, 25),
  },
  {
    name: 'every record of the stream comes twice',
    begin(world) {
      onlyByStream(world);
      world.cloud.source.twice = true;
    },
  },
  {
    name: 'the task does nothing for three seconds',
    begin: ({ cloud: { holders } }) => holders[0]!.freeze(),
    async end({ cloud: { holders } }) {
      await new Promise((resolve) => setTimeout(resolve, 3000));
      holders[0]!.thaw();
    },
  },
];

const LAST_HOP: readonly Fault[] = [
  {
    name: 'what the writer posts is refused, all its attempts: the stream tells',
    on: 'websocket',
    begin: onlyByStream,
  },
  {
    name: 'posting is throttled (429) for a moment',
    on: 'websocket',
    begin: ({ cloud: { wire } }) => wire.refuse(429, 3),
  },
  {
    name: 'the connection died without a word: posting to it is answered with 410, and the new one is found',
    on: 'websocket',
    async begin({ cloud: { sockets } }) {
      for (const id of [...sockets.connections.keys()]) sockets.cut(id, 'lost');
      await until(() => sockets.connections.size === 1);
    },
  },
  {
    name: 'the socket is cut and cannot be opened while the message arrives: the task looks when it is back',
    on: 'websocket',
    async begin({ cloud: { sockets } }) {
      sockets.closed = true;
      for (const id of [...sockets.connections.keys()]) sockets.cut(id);
      await until(() => sockets.connections.size === 0);
    },
    end({ cloud: { sockets } }) {
      sockets.closed = false;
    },
  },
  {
    name: 'the function behind $connect fails twice after the socket was cut',
    on: 'websocket',
    async begin({ cloud: { sockets, lambdas } }) {
      // The first is for the end of the old connection.
      lambdas.socket.fail(3);
      for (const id of [...sockets.connections.keys()]) sockets.cut(id);
      await until(() => sockets.connections.size === 0);
    },
  },
  {
    name: 'the connection to the task is refused once',
    on: 'direct',
    begin: ({ cloud: { relays } }) => relays.refuse('cut', 1),
  },
  {
    name: 'another process answers at the address of the task, for a moment',
    on: 'direct',
    begin: ({ cloud: { relays } }) => relays.refuse(401, 1),
  },
  { name: 'a post gets no answer in time', begin: ({ cloud: { wire } }) => wire.refuse('hang', 1) },
  { name: 'the answers to two posts are lost', begin: ({ cloud: { wire } }) => wire.refuse('lose', 2) },
];

export const FAULTS: readonly Fault[] = [...TABLES, ...WAKING, ...LAST_HOP];
