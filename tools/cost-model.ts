/** What a month costs, from prices and assumptions that are all in this file. `tools/cost.ts` prints docs/cost.md of it. */

/** List prices of us-east-1 in US dollars, without free tiers, discounts or tax. */
export const PRICES = {
  balancerHour: 0.0225,
  lcuHour: 0.008,
  publicAddressHour: 0.005,
  fargateCpuHour: 0.03238,
  fargateGbHour: 0.00356,
  writeMillion: 0.625,
  readMillion: 0.125,
  tableGb: 0.25,
  recoveryGb: 0.2,
  functionGbSecond: 0.0000133334,
  functionMillion: 0.2,
  socketMillion: 1,
  socketMinuteMillion: 0.25,
  /** Requests of SQS, and of SNS on the way there. */
  queueMillion: 0.4,
  topicMillion: 0.5,
  objectPutMillion: 5,
  objectGetMillion: 0.4,
  egressGb: 0.09,
  logGb: 0.5,
  alarmMetric: 0.1,
  customMetric: 0.3,
  dashboard: 3,
  secret: 0.4,
  /** One small machine: t4g.small, an address and 20 GB of disk. */
  vmHour: 0.0168,
  vmDiskMonth: 1.6,
} as const;

/** One phone that is in use, on one day. */
export const DAY = {
  pings: 120,
  syncs: 60,
  others: 6,
  /** HTML mails of 20 KB, and changes from elsewhere: flags, deletions. Both wake it. */
  mails: 20,
  flags: 20,
  /**
   * Write units, one for each KB of a row and two in a transaction: registering and removing a waiter; Sync state; a mail
   * with what is kept of its bodies in its row, the same row anew for a flag, head, log and index. A test measures them.
   */
  writesPerPing: 2,
  writesPerSync: 2,
  writesPerMail: 30,
  writesPerFlag: 30,
  /** The device's row, once an hour. */
  writesPerDevice: 24,
  /** Objects of a mail: as SES puts it, as it is kept, and its HTML; what ingest and the phone get of it. */
  putsPerMail: 3,
  getsPerMail: 2,
  /** Read units: account, device, head rows, read strongly; items of a window. */
  readsPerPing: 6,
  readsPerSync: 10,
  readsPerChange: 4,
  /** A sweep of the heads every five minutes, read eventually. */
  sweeps: 288,
  readsPerSweep: 1.5,
  /** Function time: GB-seconds. */
  gbSecondsPerSync: 0.15,
  gbSecondsPerOther: 0.05,
  gbSecondsPerMail: 0.05,
  gbSecondsPerWakeBatch: 0.02,
  egressMb: 20 / 30,
  /** A line of the holder; a call of a function with its line, its metrics and what Lambda writes; the same for mail in. */
  logBytesPerPing: 230,
  logBytesPerCall: 1150,
  logBytesPerMail: 1150,
  logBytesPerWakeBatch: 600,
  /** Rows of a mailbox; messages themselves are in S3 and cost what storage costs anywhere. */
  rowsMb: 15,
} as const;

const CHANGES = DAY.mails + DAY.flags;

/** Write units of a phone and day. */
export const writesOfADay = () =>
  DAY.pings * DAY.writesPerPing +
  DAY.syncs * DAY.writesPerSync +
  DAY.mails * DAY.writesPerMail +
  DAY.flags * DAY.writesPerFlag +
  DAY.writesPerDevice;

export const HOURS = 730;
export const DAYS = HOURS / 24;

/** As the templates have them; tests compare. */
export const ALARM_METRICS = 37;
/**
 * Values of the second dimension that are seen in a month, of those metrics that have one: each is a metric of its own on
 * the bill, besides the one without it. The canary is an option, and its price stands beside it.
 */
export const METRIC_VALUES = {
  Wakes: 4,
  Commands: 12,
  CommandLatency: 12,
  Failures: 5,
  MailRefused: 4,
  MailDropped: 3,
  Throttled: 4,
} as const;
/** Metrics without their second dimension, those of the canary left out. */
export const METRIC_NAMES = 18;
export const CUSTOM_METRICS = METRIC_NAMES + Object.values(METRIC_VALUES).reduce<number>((sum, n) => sum + n, 0);
/** Before the first phone only the gauge of held requests is told. */
const IDLE_METRICS = 1;
/** Active connections that one LCU carries. Whether AWS counts those to the targets as well is not known: see live probes. */
const CONNECTIONS_PER_LCU = 3000;
/** An event source asks a queue by five connections, each for 20 seconds at a time. */
const QUEUE_ASKS = (5 * HOURS * 3600) / 20;
/** A message is put there, taken and deleted. */
const QUEUE_REQUESTS = 3;
/** An event source asks each shard this often in a second. */
const POLLS = 4;
const WRITES_PER_SHARD = 1000;
const LEAST_SHARDS = 4;

export interface Plan {
  readonly devices: number;
  readonly transport: 'websocket' | 'direct';
  readonly cpu: number;
  readonly memoryGb: number;
  /** Requests that scaling lets one task hold. */
  readonly heldPerTask: number;
}

const SMALL = { cpu: 0.25, memoryGb: 1, heldPerTask: 6144 } as const;
const LARGE = { cpu: 1, memoryGb: 2, heldPerTask: 24_576 } as const;

/** The smallest task and the WebSocket up to some thousand phones; above, larger tasks and wakes by HTTP. */
export function planFor(devices: number): Plan {
  return devices < 50_000 ? { devices, transport: 'websocket', ...SMALL } : { devices, transport: 'direct', ...LARGE };
}

export const tasksOf = (plan: Plan) => Math.max(2, Math.ceil(plan.devices / plan.heldPerTask));

/** Dollars a month by part. */
export function costOf(plan: Plan): ReadonlyMap<string, number> {
  const { devices } = plan;
  const tasks = tasksOf(plan);
  const month = devices * DAYS;
  const millions = (perDay: number) => (perDay * month) / 1e6;
  const writes = writesOfADay();
  const reads =
    DAY.pings * DAY.readsPerPing +
    DAY.syncs * DAY.readsPerSync +
    CHANGES * DAY.readsPerChange +
    DAY.sweeps * DAY.readsPerSweep;
  const batches = wakeBatches(devices, writes);
  const rowsGb = (devices * DAY.rowsMb) / 1000;
  const gbSeconds =
    month * (DAY.syncs * DAY.gbSecondsPerSync + DAY.others * DAY.gbSecondsPerOther + DAY.mails * DAY.gbSecondsPerMail) +
    batches * DAY.gbSecondsPerWakeBatch;
  return new Map([
    ['load balancer', HOURS * (PRICES.balancerHour + (devices / CONNECTIONS_PER_LCU) * PRICES.lcuHour)],
    ['addresses', HOURS * PRICES.publicAddressHour * (tasks + 2)],
    ['holder tasks', HOURS * tasks * (plan.cpu * PRICES.fargateCpuHour + plan.memoryGb * PRICES.fargateGbHour)],
    [
      'tables',
      millions(writes) * PRICES.writeMillion +
        millions(reads) * PRICES.readMillion +
        rowsGb * (PRICES.tableGb + PRICES.recoveryGb),
    ],
    [
      'functions',
      gbSeconds * PRICES.functionGbSecond +
        (millions(DAY.syncs + DAY.others + DAY.mails) + batches / 1e6) * PRICES.functionMillion,
    ],
    [
      'requests for objects',
      millions(DAY.mails) * (DAY.putsPerMail * PRICES.objectPutMillion + DAY.getsPerMail * PRICES.objectGetMillion),
    ],
    ['queue of mail', queueOf(millions(DAY.mails))],
    ['wakes', plan.transport === 'direct' ? 0 : wakeMessages(plan, batches)],
    ['egress', ((DAY.egressMb * month) / 1000) * PRICES.egressGb],
    ['logs and alarms', watching(devices, batches)],
    ['key of recovery passwords', PRICES.secret],
  ]);
}

const queueOf = (mails: number) =>
  (QUEUE_ASKS / 1e6 + mails * QUEUE_REQUESTS) * PRICES.queueMillion + mails * PRICES.topicMillion;

/** Invocations of the wake function in a month: one for each change while changes are rare, one for each poll later. */
function wakeBatches(devices: number, writesPerDay: number): number {
  const seconds = HOURS * 3600;
  const changes = devices * CHANGES * DAYS;
  const shards = Math.max(LEAST_SHARDS, Math.ceil((devices * writesPerDay) / 86_400 / WRITES_PER_SHARD));
  return Math.min(changes, shards * POLLS * seconds);
}

/** One message for each task and batch. */
function wakeMessages(plan: Plan, batches: number): number {
  const tasks = tasksOf(plan);
  const messages = Math.min(plan.devices * CHANGES * DAYS, batches * tasks);
  const minutes = tasks * HOURS * 60;
  return (messages / 1e6) * PRICES.socketMillion + (minutes / 1e6) * PRICES.socketMinuteMillion;
}

function watching(devices: number, batches: number): number {
  const ofADay =
    DAY.pings * DAY.logBytesPerPing + (DAY.syncs + DAY.others) * DAY.logBytesPerCall + DAY.mails * DAY.logBytesPerMail;
  const bytes = devices * DAYS * ofADay + batches * DAY.logBytesPerWakeBatch;
  const metrics = devices === 0 ? IDLE_METRICS : CUSTOM_METRICS;
  const fixed = ALARM_METRICS * PRICES.alarmMetric + metrics * PRICES.customMetric + PRICES.dashboard;
  return (bytes / 1e9) * PRICES.logGb + fixed;
}

export const totalOf = (cost: ReadonlyMap<string, number>) => [...cost.values()].reduce((sum, part) => sum + part, 0);

export const vmMonth = HOURS * (PRICES.vmHour + PRICES.publicAddressHour) + PRICES.vmDiskMonth;

/** Memory of the small machine that requests can have, and what a held one takes in a server with a process for each. */
export const VM_USABLE_MB = 1200;
export const PROCESS_MB = 25;

/** How many phones the small machine holds where each held Ping is a process. */
export const perProcessVm = Math.floor(VM_USABLE_MB / PROCESS_MB);

/** The number of phones from which on AWS is cheaper than as many small machines with a process for each Ping. */
export function breakEven(): number {
  for (let devices = 1; devices < 100_000; devices++) {
    if (totalOf(costOf(planFor(devices))) < Math.ceil(devices / perProcessVm) * vmMonth) return devices;
  }
  throw new Error('no break-even');
}
