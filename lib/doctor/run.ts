import { lookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import { sleep, systemClock } from '../ops/clock.ts';
import { phoneOf } from './account.ts';
import { CHECKS } from './checks.ts';
import { type Check, type DoctorOptions, type Finding, type Said, Trouble, type Visit } from './types.ts';

const LIMIT_MS = 30_000;
const MAX_TEXT = 600;

/**
 * Acts as a phone from outside, against any server of the protocol, one check after the other.
 * @returns what each check found, as soon as it did
 * @throws RangeError for a URL that is not http(s) or holds a secret, and for times that are none
 */
export async function* examine(options: DoctorOptions, checks = CHECKS): AsyncGenerator<Finding> {
  const visit = begin(options);
  const bad = new Set<string>();
  try {
    for (const check of checks) {
      const missing = check.needs?.find((need) => bad.has(need));
      const finding: Finding = missing
        ? { check: check.name, outcome: 'skipped', detail: `needs ${missing}`, ms: 0 }
        : await judge(check, visit);
      if (missing || finding.outcome === 'failed') bad.add(check.name);
      yield withoutSecrets(finding, options);
    }
  } finally {
    visit.waiting?.abort();
    visit.agent.destroy();
  }
}

function begin(options: DoctorOptions): Visit {
  const { url, holdS = 30, repeat = 1 } = options;
  const { syncHoldS = Math.min(holdS, 10) } = options;
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new RangeError(`${url.protocol} is not http or https`);
  if (url.username || url.password) throw new RangeError('a URL is no place for a password');
  for (const seconds of [holdS, syncHoldS]) {
    if (!(seconds >= 0 && seconds <= 7_200)) throw new RangeError('a request is held for 0 to 7200 seconds');
  }
  if (!(Number.isInteger(repeat) && repeat >= 1 && repeat <= 1_000)) throw new RangeError('repeat is 1 to 1000');
  // Held and answered on connections that are kept, as phones do.
  const agent = new (url.protocol === 'https:' ? https : http).Agent({ keepAlive: true });
  const addresses = async (host: string) => (await lookup(host, { all: true })).map(({ address }) => address);
  const base = {
    clock: systemClock,
    lookup: addresses,
    ...options,
    holdS,
    syncHoldS,
    repeat,
    agent,
    commands: new Set<string>(),
  };
  return { ...base, phone: phoneOf(base as unknown as Visit) };
}

async function judge(check: Check, visit: Visit): Promise<Finding> {
  const { clock } = visit;
  const started = clock.now();
  const said = await limited(check, visit).catch(failure);
  const ms = clock.now() - started;
  const slow = said.outcome === undefined && check.slowMs !== undefined && ms > check.slowMs;
  return {
    check: check.name,
    ...said,
    outcome: said.outcome ?? (slow ? 'slow' : 'ok'),
    advice: said.advice ?? (slow ? `more than ${check.slowMs} ms: is the way long, or the server busy?` : undefined),
    ms,
  };
}

async function limited(check: Check, visit: Visit): Promise<Said> {
  const limitMs = check.limitMs?.(visit) ?? LIMIT_MS;
  const enough = new AbortController();
  const late = async () => {
    await sleep(visit.clock, limitMs, enough.signal);
    throw new Trouble(`no answer within ${limitMs / 1000} s`, 'the server or a hop on the way hangs');
  };
  try {
    return await Promise.race([check.run(visit), late()]);
  } finally {
    enough.abort();
  }
}

function failure(error: Error): Said {
  const advice = error instanceof Trouble ? error.advice : undefined;
  return { outcome: 'failed', detail: error.message || error.name, advice };
}

/** What a server says is printed: not without end, without control characters, and never what was sent to it. */
function withoutSecrets(finding: Finding, { user, password }: DoctorOptions): Finding {
  const secrets = [password, Buffer.from(`${user}:${password}`).toString('base64')].filter((each) => each !== '');
  const clean = (text: string) =>
    secrets
      .reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
      .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
      .slice(0, MAX_TEXT);
  return { ...finding, detail: clean(finding.detail), advice: finding.advice && clean(finding.advice) };
}
