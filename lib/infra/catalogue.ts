/**
 * Every process on AWS: where its code begins, what it may use. Data alone; `functions.ts` and `holder.ts` make
 * resources of it, `permissions.ts` statements, `tools/bundle.ts` bundles.
 */
export const FUNCTION_NAMES = [
  'sync',
  'provision',
  'commands',
  'autodiscover',
  'wake',
  'ingest',
  'socket',
  'canary',
] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];
/** What is bundled: the functions and the holder. */
export type BundleName = FunctionName | 'holder';
export const BUNDLE_NAMES: readonly BundleName[] = [...FUNCTION_NAMES, 'holder'];

export type Access = 'none' | 'read' | 'write';

/**
 * What a process may do. `own-tasks`: only rows of the `T#` partitions. `waiters`: read, and delete what is stale.
 * `accounts`: read, and update account rows, as a login may.
 */
export interface Rights {
  readonly mailboxes: Access;
  readonly devices: Access | 'own-tasks' | 'waiters';
  readonly directory: Access | 'accounts';
  readonly blobs: Access;
  readonly inbound: Access;
  /** Sends mail, where mail goes out at all. `bounces`: only when unknown recipients bounce. */
  readonly send: boolean | 'bounces';
  /** Reads the key that seals recovery passwords: whatever answers Settings. */
  readonly recovery: boolean;
  /** Posts wakes to tasks. */
  readonly wake: boolean;
}

export interface FunctionTraits {
  readonly description: string;
  readonly memoryMiB: number;
  /** Below the patience of whoever calls. */
  readonly timeoutS: number;
  readonly rights: Rights;
}

const NOTHING: Rights = {
  mailboxes: 'none',
  devices: 'none',
  directory: 'none',
  blobs: 'none',
  inbound: 'none',
  send: false,
  recovery: false,
  wake: false,
};

export const FUNCTIONS: Readonly<Record<FunctionName, FunctionTraits>> = {
  sync: {
    description: 'Sync: changes of collections, both ways',
    memoryMiB: 1024,
    timeoutS: 55,
    // Sync of version 16 sends drafts: it queues them, and a task sends them.
    rights: { ...NOTHING, mailboxes: 'write', devices: 'write', directory: 'accounts', blobs: 'write', wake: true },
  },
  provision: {
    description: 'Provision and OPTIONS: policies, wipes, versions',
    memoryMiB: 512,
    timeoutS: 25,
    // The first command of a device that is not let in: its owner is told by mail, which is an object as any other.
    rights: {
      ...NOTHING,
      mailboxes: 'write',
      devices: 'write',
      directory: 'accounts',
      blobs: 'write',
      wake: true,
    },
  },
  commands: {
    description: 'Short commands: folders, settings, estimates, moves',
    memoryMiB: 768,
    timeoutS: 40,
    rights: {
      ...NOTHING,
      mailboxes: 'write',
      devices: 'write',
      directory: 'accounts',
      blobs: 'write',
      recovery: true,
      wake: true,
    },
  },
  autodiscover: {
    description: 'Autodiscover: tells a phone which server it has',
    memoryMiB: 512,
    timeoutS: 15,
    rights: { ...NOTHING, directory: 'accounts' },
  },
  wake: {
    description: 'Tells the holders which mailboxes changed',
    memoryMiB: 512,
    timeoutS: 30,
    rights: { ...NOTHING, devices: 'waiters', wake: true },
  },
  ingest: {
    description: 'Takes in messages that were put into the inbound bucket',
    memoryMiB: 1536,
    timeoutS: 120,
    rights: {
      ...NOTHING,
      mailboxes: 'write',
      devices: 'write',
      directory: 'read',
      blobs: 'write',
      inbound: 'read',
      send: 'bounces',
      wake: true,
    },
  },
  socket: {
    description: 'Notes which connection a holder task is reached by',
    memoryMiB: 256,
    timeoutS: 10,
    rights: { ...NOTHING, devices: 'own-tasks' },
  },
  canary: {
    description: 'Acts as a phone from outside, now and then',
    memoryMiB: 512,
    // A visit takes a minute; checks that hang are given up one by one.
    timeoutS: 300,
    rights: NOTHING,
  },
};

/** The holder runs every command and carries every message. */
export const HOLDER_RIGHTS: Rights = {
  mailboxes: 'write',
  devices: 'write',
  directory: 'accounts',
  blobs: 'write',
  inbound: 'none',
  send: true,
  recovery: true,
  wake: true,
};

/** Largest bundle, bytes: what a cold start has to read. */
export const BUNDLE_BUDGETS: Readonly<Record<BundleName, number>> = {
  sync: 2_600_000,
  provision: 2_600_000,
  /** Reads Secrets Manager besides. */
  commands: 2_700_000,
  autodiscover: 1_500_000,
  wake: 1_500_000,
  ingest: 2_500_000,
  socket: 1_200_000,
  canary: 1_500_000,
  holder: 3_000_000,
};

/** Code of a thread that a process starts: a file beside its bundle. */
export interface ThreadTraits {
  readonly file: string;
  readonly entry: string;
  /** Bytes. */
  readonly budget: number;
}

/** Functions have none: they take one request at a time. */
export const THREADS: Readonly<Partial<Record<BundleName, readonly ThreadTraits[]>>> = {
  holder: [{ file: 'parse-worker.mjs', entry: 'lib/embedded/parse-worker.ts', budget: 600_000 }],
};

/** Where the code of a process begins, from the root of the package. */
export const entryPoint = (name: BundleName) => `functions/${name}/index.ts`;
