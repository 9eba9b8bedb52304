/** The holder from its bundle, while large messages are sent through it: it reads them in a thread. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { THREADS } from '../../lib/infra/catalogue.ts';
import { missing } from '../support/servers/dynamodb.ts';
import { s3Missing } from '../support/servers/s3.ts';
import { ADDRESS, bundleOf, until } from './support/cloud.ts';
import { startHolder, type TestHolder } from './support/holder.ts';
import { message } from './support/messages.ts';
import { synthesised } from './support/template.ts';
import { outcome, told, World } from './support/world.ts';

const missingParts = (missing('dynoxide') ?? s3Missing()) !== undefined;
const [THREAD] = THREADS.holder!;
const large = (subject: string) =>
  Buffer.from(message(ADDRESS, subject, ADDRESS) + 'All of this is text.\r\n'.repeat(60_000));

describe.skipIf(missingParts)('the holder, given a message of a megabyte and more', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start({ transport: 'direct', bare: true, over: { logLevel: 'debug' } });
  }, 120_000);
  afterAll(() => world?.stop());

  /** What its log says of threads. */
  const read = ({ output }: TestHolder) =>
    output()
      .split('\n')
      .filter((line) => line.includes('in its thread'))
      .map((line) => JSON.parse(line) as { event: string; bytes: number; thread?: number });
  const sender = (device: string, url: string) => {
    const phone = world.cloud.phone(device, { url });
    const send = (subject: string) =>
      phone.client.compose('SendMail', { ClientId: subject, mime: large(subject), save: false });
    return { phone, send };
  };
  /** A task whose thread runs other code. */
  const holderWith = async (thread: string) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'dp-thread-'));
    cpSync(path.dirname(bundleOf('holder')), folder, { recursive: true });
    writeFileSync(path.join(folder, THREAD!.file), thread);
    const holder = await startHolder(path.join(folder, 'index.mjs'), world.cloud.environment('holder'), () => {});
    onTestFinished(async () => {
      await holder.kill();
      rmSync(folder, { recursive: true, force: true });
    });
    return holder;
  };

  it('reads it in the thread of its bundle, another one for each message', async () => {
    const [holder] = world.cloud.holders;
    const { phone, send } = sender('sender1', holder!.url);
    await world.begin(phone);
    for (const subject of ['first', 'second']) expect((await send(subject)).status).toBe(200);
    await until(() => read(holder!).length === 2);
    const done = read(holder!);
    expect(done.map(({ event }) => event)).toEqual(Array(2).fill('message read in its thread'));
    expect(new Set(done.map(({ thread }) => thread)).size).toBe(2);
    expect(done.every(({ bytes, thread }) => bytes > 1_000_000 && thread! > 0)).toBe(true);
    expect((await world.arrivals()).sort()).toEqual(['first', 'second']);
  }, 60_000);

  it('goes on meanwhile: it is healthy, takes Pings and answers them', async () => {
    const holder = await holderWith('setInterval(() => {}, 1000);');
    const { phone, send } = sender('sender2', holder.url);
    await world.begin(phone);
    const sent = send('never').then(outcome, () => 'gone');
    let answered = false;
    void sent.then(() => {
      answered = true;
    });
    const waiting = world.ping(phone);
    await world.held(1);
    expect((await fetch(holder.url + synthesised('direct').healthPath)).status).toBe(200);
    await world.delivered();
    expect(outcome(await waiting)).toEqual(told(phone));
    expect(answered).toBe(false);
    await holder.kill();
    expect(await sent).toBe('gone');
  }, 60_000);

  it.each([
    ['ends', 'process.exit(3);'],
    // More than it is given, less than the process has.
    ['fills its memory', 'const all = []; for (;;) all.push(new Array(100_000).fill(1.5));'],
  ])(
    'delivers it as text when its thread %s',
    async (fate, thread) => {
      const holder = await holderWith(thread);
      const { phone, send } = sender('sender3', holder.url);
      await world.begin(phone);
      expect((await send(`read by one that ${fate}`)).status).toBe(200);
      await until(() => holder.output().includes('"delivered"'));
      const events = new Set(read(holder).map(({ event }) => event));
      expect(events).toEqual(new Set(['message could not be read in its thread']));
      expect(await world.arrivals()).toContain(`read by one that ${fate}`);
    },
    60_000,
  );
});
