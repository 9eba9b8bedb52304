import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDomain } from '../../../lib/embedded/domain.ts';
import { readOptions } from '../../../lib/embedded/options.ts';
import { createThreadedParser, type ParseThreadOptions } from '../../../lib/embedded/parse-thread.ts';
import { parseMessage } from '../../../lib/mail/parse.ts';
import { systemClock } from '../../../lib/ops/clock.ts';
import { type Log, silentLog } from '../../../lib/ops/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { temporaryFolder } from '../../support/stores.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const options = { now: NOW };
const script = (code: string) => new URL(`data:text/javascript,${encodeURIComponent(code)}`);
const MODULE = new URL('../../../lib/embedded/parse-thread.ts', import.meta.url);
const HANGS = 'setInterval(() => {}, 1000)';
const ECHO = `import { parentPort, workerData } from 'node:worker_threads';
  parentPort.postMessage({ subject: workerData.raw.length, env: process.env, flags: process.execArgv })`;

function threaded(code?: string, over: Partial<ParseThreadOptions> = {}) {
  const clock = new FakeClock(NOW);
  const told: unknown[] = [];
  const log: Log = { ...silentLog, error: (message, fields) => void told.push([message, fields?.bytes]) };
  const parse = createThreadedParser({ clock, log, ...(code && { script: script(code) }) }, { fromBytes: 0, ...over });
  return { parse, clock, told };
}

const part = (head: string, body: string) => `--x\r\n${head}\r\n\r\n${body}\r\n`;
const MESSAGE = Buffer.from(
  [
    'From: Ada <ada@example.com>\r\nSubject: film\r\nMessage-ID: <1@example.com>\r\nDate: Thu, 15 Jan 2026 10:00:00 +0000\r\n',
    'List-Id: <l.example.com>\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n',
    part('Content-Type: text/html; charset=windows-1252', '<p>see <img src="cid:p"> caf\xe9</p>'),
    part('Content-Type: image/png; name=p.png\r\nContent-ID: <p>\r\nContent-Transfer-Encoding: base64', 'AAECAwQ='),
    part('Content-Type: text/csv; name=t.csv\r\nContent-Disposition: attachment', 'a;b\r\nc;d'),
    part('Content-Type: application/empty; name=none', ''),
    part('Content-Type: message/rfc822', 'Subject: inner\r\n\r\nhello'),
    '--x--',
  ].join(''),
  'latin1',
);
const INVITATION = Buffer.from(
  [
    'From: ada@example.com\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n',
    'BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260120T100000Z\r\nDTEND:20260120T110000Z\r\nSUMMARY:lunch\r\nEND:VEVENT\r\nEND:VCALENDAR',
  ].join(''),
);

/** Turns of the event loop while something is under way. */
async function turnsDuring<T>(work: Promise<T>): Promise<{ turns: number; result: T }> {
  let [turns, running] = [0, true];
  const count = () => {
    turns++;
    if (running) setImmediate(count);
  };
  setImmediate(count);
  const result = await work.finally(() => {
    running = false;
  });
  return { turns, result };
}
const large = () => Buffer.from(`Subject: large\r\n\r\n${'All of this is text.\r\n'.repeat(150_000)}`);

describe('a message that a thread reads', () => {
  test.each([
    ['with files', MESSAGE],
    ['with an invitation', INVITATION],
    ['that the parser gives up on', Buffer.from(`Subject: s\r\n${'X: y\r\n'.repeat(200_000)}\r\nbody`)],
    ['of no bytes', Buffer.alloc(0)],
  ])('%s is what it is elsewhere, byte by byte', async (_name, raw) => {
    const { parse, told } = threaded();
    const before = Buffer.from(raw);
    expect(await parse(raw, options)).toEqual(await parseMessage(raw, options));
    expect(told).toEqual([]);
    // What was given is stored afterwards.
    expect(raw.equals(before)).toBe(true);
  });

  test('may be a part of other bytes', async () => {
    const { parse } = threaded(ECHO);
    expect(await parse(MESSAGE.subarray(10, 30), options)).toMatchObject({ subject: 20 });
  });

  test('is held to the limits that were given', async () => {
    const { parse } = threaded();
    expect((await parse(MESSAGE, { ...options, limits: { attachments: 1 } })).attachments).toHaveLength(1);
  });

  test('meets neither the environment nor the flags of the server', async () => {
    expect(await threaded(ECHO).parse(MESSAGE, options)).toMatchObject({ env: {}, flags: [] });
  });

  test('leaves the server free meanwhile', async () => {
    const { parse } = threaded();
    const { turns, result } = await turnsDuring(parse(large(), options));
    expect(result).toMatchObject({ subject: 'large' });
    expect(turns).toBeGreaterThan(20);
  });

  test('is read where it is when it is small', async () => {
    const { parse } = threaded('throw new Error()', { fromBytes: MESSAGE.length + 1 });
    expect((await parse(MESSAGE, options)).degraded).toBeUndefined();
  });
});

describe('a thread that fails', () => {
  test.each([
    ['throws', "throw new Error('no')"],
    ['ends', 'process.exit(3)'],
    ['ends in peace without a word', '0'],
    ['is not there', undefined],
    ['fills its memory', 'const all = []; for (;;) all.push(new Array(100_000).fill(1.5))'],
  ])('because it %s loses nothing of its message', async (_name, code) => {
    const clock = new FakeClock(NOW);
    const told: unknown[] = [];
    const log: Log = { ...silentLog, error: (message, fields) => void told.push([message, fields?.bytes]) };
    const where = code === undefined ? new URL('./no-such-module.ts', import.meta.url) : script(code);
    const parse = createThreadedParser({ clock, log, script: where }, { fromBytes: 0, heapMb: 16 });
    const message = await parse(MESSAGE, options);
    expect(message).toMatchObject({ degraded: 'parser', subject: 'film', messageId: '<1@example.com>' });
    expect(message.text).toContain('hello');
    expect(told).toEqual([['message could not be read in its thread', MESSAGE.length]]);
    expect(clock.pending).toBe(0);
  });

  test('for its time is ended, and the next message has its turn', async () => {
    const { parse, clock, told } = threaded(HANGS, { timeoutMs: 5_000 });
    const [first, second] = [parse(MESSAGE, options), parse(INVITATION, options)];
    await clock.advance(4_999);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect((await first).degraded).toBe('parser');
    // Its time begins with its turn.
    await clock.advance(4_999);
    expect(told).toHaveLength(1);
    await clock.advance(1);
    expect((await second).degraded).toBe('parser');
    expect(told).toHaveLength(2);
  });
});

test('the memory of a thread has its own limit, whatever the flags of the server say', async () => {
  const limit = `import { getHeapStatistics } from 'node:v8';
    import { parentPort } from 'node:worker_threads';
    parentPort.postMessage({ subject: getHeapStatistics().heap_size_limit });`;
  const code = `const { createThreadedParser, limitThreadsApart } = await import(${JSON.stringify(MODULE)});
    limitThreadsApart();
    const clock = { now: Date.now, after: () => () => {} };
    const given = { clock, log: { debug() {}, error() {} }, script: new URL(${JSON.stringify(script(limit))}) };
    const { subject } = await createThreadedParser(given, { fromBytes: 0, heapMb: 64 })(new Uint8Array(1), {});
    console.log(subject);`;
  const flags = ['--max-old-space-size=2000', '--max-semi-space-size=1', '--input-type=module', '-e', code];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  const mebibytes = Number(stdout) / 2 ** 20;
  expect(mebibytes).toBeGreaterThanOrEqual(64);
  expect(mebibytes).toBeLessThan(100);
});

test.each([Number.NaN, -1, 0.5])('limits of %s are none', (value) => {
  for (const name of ['fromBytes', 'timeoutMs', 'heapMb'])
    expect(() => threaded(undefined, { [name]: value })).toThrow();
});

test('the embedded server reads large messages so', async () => {
  const domain = await openDomain(readOptions({ dataDir: await temporaryFolder() }), systemClock, silentLog);
  onTestFinished(() => domain.close());
  const envelope = { from: 'ada@example.com', arrival: 'live' } as const;
  const { turns, result } = await turnsDuring(domain.delivery.read(large(), envelope));
  expect(result.parsed).toMatchObject({ subject: 'large', degraded: undefined });
  expect(turns).toBeGreaterThan(20);
});
