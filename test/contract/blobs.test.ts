import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFileBlobs } from '../../lib/store/files/blobs.ts';
import { BlobMissing, type Blobs } from '../../lib/store/ports.ts';
import { openS3Blobs } from '../../lib/store/s3/blobs.ts';
import { temporaryFolder } from '../support/make-store.ts';
import { type S3Server, s3Missing, startS3 } from '../support/servers/s3.ts';

const folders: string[] = [];
let s3: S3Server | undefined;
const ENGINES: readonly (readonly [string, () => Promise<Blobs>, string | undefined])[] = [
  [
    'files',
    async () => {
      const dir = await temporaryFolder();
      folders.push(dir);
      return openFileBlobs(dir);
    },
    undefined,
  ],
  [
    's3',
    async () => {
      s3 = await startS3(['blobs']);
      const { endpoint, credentials } = s3;
      return openS3Blobs({ bucket: 'blobs', region: 'us-east-1', endpoint, credentials, pathStyle: true });
    },
    s3Missing(),
  ],
];
afterAll(async () => {
  await s3?.stop();
  await Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true })));
});

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
const collect = async (stream: AsyncIterable<Uint8Array>) => Buffer.concat(await all(stream)).toString();
let count = 0;
const freshMailbox = () => `m${++count}`;

describe.each(ENGINES.filter(([, , missing]) => !missing))('%s', (_, open, __) => {
  let blobs: Blobs;
  beforeAll(async () => {
    blobs = await open();
  });
  const listed = async (prefix: string) => (await all(blobs.list(prefix))).sort();

  it('gives a blob of many pieces as it was put, whole and in part', async () => {
    const key = `${freshMailbox()}/pieces`;
    const bytes = randomBytes(3_000_001);
    await blobs.put(key, bytes);
    expect(bytes.equals((await blobs.get(key))!)).toBe(true);
    const part = await blobs.get(key, { start: 70_000, end: 2_900_000 });
    expect(bytes.subarray(70_000, 2_900_000).equals(part!)).toBe(true);
    expect(part!.buffer.byteLength).toBe(part!.length);
  });

  it('serves others while sixty readers that stopped reading keep their streams open', async () => {
    const m = freshMailbox();
    // More than what is buffered on the way.
    await blobs.put(`${m}/large`, new Uint8Array(2 ** 20));
    await blobs.put(`${m}/small`, bytesOf('small'));
    const stalled = Array.from({ length: 60 }, () => blobs.stream(`${m}/large`)[Symbol.asyncIterator]());
    await Promise.all(stalled.map((reader) => reader.next()));
    expect(textOf(await blobs.get(`${m}/small`))).toBe('small');
    await Promise.all(stalled.map((reader) => reader.return?.()));
  }, 30_000);

  it('gives back what was put, whole and streamed, from bytes and from a stream', async () => {
    const m = freshMailbox();
    const parts = async function* () {
      yield bytesOf('hello ');
      yield new Uint8Array();
      yield bytesOf('world');
    };
    await blobs.put(`${m}/i/0`, bytesOf('hello world'));
    await blobs.put(`${m}/i/1`, parts());
    await blobs.put(`${m}/i/2`, new Uint8Array());
    for (const part of [0, 1]) {
      expect(textOf(await blobs.get(`${m}/i/${part}`))).toBe('hello world');
      expect(await collect(blobs.stream(`${m}/i/${part}`))).toBe('hello world');
    }
    expect(await blobs.get(`${m}/i/2`)).toEqual(new Uint8Array());
    expect(await collect(blobs.stream(`${m}/i/2`))).toBe('');
  });

  const ranges: readonly (readonly [{ start: number; end?: number }, string])[] = [
    [{ start: 0 }, '0123456789'],
    [{ start: 3 }, '3456789'],
    [{ start: 3, end: 5 }, '34'],
    [{ start: 3, end: 3 }, ''],
    [{ start: 5, end: 2 }, ''],
    [{ start: 8, end: 99 }, '89'],
    [{ start: 99 }, ''],
    [{ start: -5, end: 2 }, '01'],
  ];
  it.each(ranges)('clamps the range %o', async (range, expected) => {
    const key = `${freshMailbox()}/i/0`;
    await blobs.put(key, bytesOf('0123456789'));
    expect(textOf(await blobs.get(key, range))).toBe(expected);
    expect(await collect(blobs.stream(key, range))).toBe(expected);
  });

  it('streams a large blob in pieces', async () => {
    const key = `${freshMailbox()}/i/0`;
    const bytes = new Uint8Array(1_000_000).map((_, at) => at % 251);
    await blobs.put(key, bytes);
    const pieces = await all(blobs.stream(key, { start: 10 }));
    expect(pieces.length).toBeGreaterThan(1);
    expect(Buffer.concat(pieces).equals(bytes.subarray(10))).toBe(true);
  });

  it('knows no blob that was never put, nor one that was deleted', async () => {
    const m = freshMailbox();
    await blobs.put(`${m}/i/0`, bytesOf('x'));
    await blobs.delete([`${m}/i/0`, `${m}/never/there`, `${m}/i/0/below`]);
    await blobs.delete([]);
    expect(await blobs.get(`${m}/i/0`)).toBeUndefined();
    await expect(collect(blobs.stream(`${m}/i/0`))).rejects.toBeInstanceOf(BlobMissing);
    expect(await listed(`${m}/`)).toEqual([]);
  });

  it('takes the same blob twice, also at once', async () => {
    const key = `${freshMailbox()}/i/0`;
    await Promise.all([1, 2, 3].map(() => blobs.put(key, bytesOf('same'))));
    expect(textOf(await blobs.get(key))).toBe('same');
  });

  it('keeps nothing of a put that fails', async () => {
    const m = freshMailbox();
    const broken = async function* () {
      yield bytesOf('half');
      throw new Error('the sender went away');
    };
    await expect(blobs.put(`${m}/i/0`, broken())).rejects.toThrow('the sender went away');
    expect(await blobs.get(`${m}/i/0`)).toBeUndefined();
    expect(await listed(m)).toEqual([]);
  });

  it('lists the keys that begin with a prefix', async () => {
    const m = freshMailbox();
    const keys = ['a', 'a/b', 'a/b/c', 'ab/c', 'b', 'b/', 'b//c', '.', '..', '../x', 'ł/ę'].map((key) => `${m}/${key}`);
    for (const key of keys) await blobs.put(key, bytesOf(key));
    for (const prefix of [m, `${m}/`, `${m}/a`, `${m}/a/`, `${m}/a/b`, `${m}/b/`, `${m}/.`, `${m}/ł`, `${m}/none`]) {
      expect(await listed(prefix), prefix).toEqual(keys.filter((key) => key.startsWith(prefix)).sort());
    }
    for (const key of keys) expect(textOf(await blobs.get(key))).toBe(key);
  });

  it('keeps every key apart from every other (property)', async () => {
    const segment = fc.oneof(
      fc.constantFrom('', '.', '..', '%', '%2E', 'a.b', 'CON', '\u0000', '\\', ' ', '.tmp', 'a%2Fb', 'x.b'),
      fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => !text.includes('/')),
    );
    const key = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key.filter(Boolean), { minLength: 1, maxLength: 5 }), async (keys) => {
        const m = freshMailbox();
        const names = keys.map((name) => `${m}/${name}`);
        for (const name of names) await blobs.put(name, bytesOf(name));
        for (const name of names) expect(textOf(await blobs.get(name))).toBe(name);
        expect(await listed(`${m}/`)).toEqual(names.toSorted());
        await blobs.delete(names.slice(1));
        expect(await listed(`${m}/`)).toEqual(names.slice(0, 1));
      }),
      { numRuns: 60 },
    );
  });

  it('survives puts and deletes of neighbours at once', async () => {
    const m = freshMailbox();
    for (let round = 0; round < 10; round++) {
      await blobs.put(`${m}/i/old`, bytesOf('old'));
      await Promise.all([blobs.delete([`${m}/i/old`]), blobs.put(`${m}/i/new`, bytesOf('new'))]);
      expect(textOf(await blobs.get(`${m}/i/new`))).toBe('new');
      await blobs.delete([`${m}/i/new`]);
    }
  });

  it.each([
    ['no key', ''],
    ['a long key', 'k'.repeat(1025)],
  ])('refuses %s', async (_name, key) => {
    await expect(blobs.put(key, bytesOf('x'))).rejects.toBeInstanceOf(RangeError);
  });
});
