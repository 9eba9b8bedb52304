/** All times in milliseconds. */
export interface HoldOptions {
  /** Requests held at once; more are answered `failed`, which sends the client away for a while. */
  readonly maxHeld: number;
  /** Held requests of one kind for one device, where their folders are disjoint. The oldest ends first. */
  readonly maxPerDevice: number;
  /** Additions that follow an answer this soon are merged ... */
  readonly quietMs: number;
  /** ... but never for longer than this. */
  readonly mergeMs: number;
  /** How long changes that do not deserve a wake (flags, deletions) are held back. Infinity: until the heartbeat ends. */
  readonly laterMs: number;
  /** Everything held is looked at again in about this time, in case a wake was lost. */
  readonly sweepMs: number;
  /** A failed look is repeated after this; each further time after four times as long. */
  readonly retryMs: number;
  /** Looks in a row that may fail before a request that never was looked at is answered `failed`. */
  readonly maxTries: number;
  /** Looks under way at once. */
  readonly looks: number;
  /** How long an ending request waits for a look that is under way. */
  readonly graceMs: number;
  /** Registrations written in one transaction; 1 where a transaction costs more than its writes. */
  readonly rowsPerWrite: number;
  readonly writesAtOnce: number;
  /** A device whose requests keep ending each other gets the older one's answer this late. */
  readonly quarrelMs: number;
}

export const HOLD_DEFAULTS: HoldOptions = {
  maxHeld: 100_000,
  maxPerDevice: 4,
  quietMs: 100,
  mergeMs: 1000,
  laterMs: Number.POSITIVE_INFINITY,
  sweepMs: 300_000,
  retryMs: 1000,
  maxTries: 4,
  looks: 64,
  graceMs: 2000,
  rowsPerWrite: 25,
  writesAtOnce: 4,
  quarrelMs: 10_000,
};

/** Over DynamoDB: a transaction costs twice what its writes cost one by one, and several of those go at once. */
export const SINGLE_WRITES = { rowsPerWrite: 1, writesAtOnce: 32 } as const satisfies Partial<HoldOptions>;

const COUNTS = new Set<keyof HoldOptions>([
  'maxHeld',
  'maxPerDevice',
  'maxTries',
  'looks',
  'rowsPerWrite',
  'writesAtOnce',
]);

/** @throws TypeError for an unknown name, RangeError for a value that would switch a limit off (NaN, negative, a count below 1) */
export function holdOptions(given: Partial<HoldOptions> = {}): HoldOptions {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in HOLD_DEFAULTS)) throw new TypeError(`unknown option ${name}`);
    if (value === undefined) continue;
    const count = COUNTS.has(name as keyof HoldOptions);
    const valid = count ? Number.isInteger(value) && value >= 1 : value > 0 && (name === 'laterMs' || value < 1e9);
    if (!valid) throw new RangeError(`${name} must be ${count ? 'a whole number of at least 1' : 'a positive time'}`);
  }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...HOLD_DEFAULTS, ...set };
}
