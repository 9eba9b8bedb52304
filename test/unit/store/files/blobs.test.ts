import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { openFileBlobs } from '../../../../lib/store/files/blobs.ts';
import { encodeSegment, pathOf, segmentOf } from '../../../../lib/store/files/paths.ts';
import { temporaryFolder } from '../../../support/stores.ts';

async function folder(): Promise<string> {
  const dir = await temporaryFolder();
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}
const bytes = (size: number) => new Uint8Array(size);
const files = async (dir: string) =>
  (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());

it('refuses a blob over the limit, streamed or not, and leaves nothing of it', async () => {
  const dir = await folder();
  const blobs = await openFileBlobs(dir, { maxBytes: 10 });
  const stream = async function* () {
    for (;;) yield bytes(4);
  };
  await blobs.put('m/i/ok', bytes(10));
  await expect(blobs.put('m/i/a', bytes(11))).rejects.toBeInstanceOf(RangeError);
  await expect(blobs.put('m/i/b', stream())).rejects.toBeInstanceOf(RangeError);
  expect((await files(dir)).map(({ name }) => name)).toEqual(['ok.b']);
});

it.each([Number.NaN, 0, -1])('takes no limit of %s', async (maxBytes) => {
  await expect(openFileBlobs(await folder(), { maxBytes })).rejects.toBeInstanceOf(RangeError);
});

it('removes what a process that died left unfinished, but not what another is writing', async () => {
  const dir = await folder();
  await mkdir(join(dir, '.tmp'));
  await writeFile(join(dir, '.tmp', 'dead'), 'x');
  await writeFile(join(dir, '.tmp', 'alive'), 'x');
  const lastWeek = new Date(Date.now() - 7 * 86_400_000);
  await utimes(join(dir, '.tmp', 'dead'), lastWeek, lastWeek);
  await openFileBlobs(dir);
  expect(await readdir(join(dir, '.tmp'))).toEqual(['alive']);
});

it.each([10, 300_000])('replaces what a crash left half written under the name of a blob of %i bytes', async (size) => {
  const dir = await folder();
  const blobs = await openFileBlobs(dir);
  await mkdir(join(dir, 'm', 'i'), { recursive: true });
  await writeFile(pathOf(dir, 'm/i/0'), 'half');
  await blobs.put('m/i/0', bytes(size));
  expect((await blobs.get('m/i/0'))!.length).toBe(size);
});

it('shows readers a blob that is put again as it was or as it is, never a part', async () => {
  const blobs = await openFileBlobs(await folder());
  const versions = [1, 2, 3, 4].map((n) => new Uint8Array(200_000).fill(n));
  await blobs.put('m/i/0', versions[0]!);
  let done = false;
  const puts = Promise.all(versions.map((version) => blobs.put('m/i/0', version))).then(() => {
    done = true;
  });
  while (!done) {
    const found = (await blobs.get('m/i/0'))!;
    expect(Buffer.compare(found, versions[found[0]! - 1]!)).toBe(0);
  }
  await puts;
});

it('removes folders with their last blob, and keeps its own', async () => {
  const dir = await folder();
  const blobs = await openFileBlobs(dir);
  await blobs.put('m/i/0', bytes(1));
  await blobs.put('m/j/0', bytes(1));
  await blobs.delete(['m/i/0']);
  expect(await readdir(join(dir, 'm'))).toEqual(['j']);
  await blobs.delete(['m/j/0']);
  expect(await readdir(dir)).toEqual(['.tmp']);
});

it('reads only as far as the reader asks, and closes the file when it stops', async () => {
  const dir = await folder();
  const blobs = await openFileBlobs(dir);
  await blobs.put('m/i/0', bytes(1_000_000));
  for (let n = 0; n < 50; n++) for await (const piece of blobs.stream('m/i/0')) if (piece.length > 0) break;
  const open = await readdir('/proc/self/fd').catch(() => []);
  expect(open.length).toBeLessThan(50 + 30);
});

it('maps no key outside its folder, and each to a path of its own (property)', () => {
  const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(key, (hostile) => {
      const path = pathOf('/root', hostile);
      expect(path).toMatch(/^\/root(\/[A-Za-z0-9_%-]+)+\.b$/);
    }),
  );
});

it('reads a segment back from its name (property)', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (segment) => {
      expect(segmentOf(encodeSegment(segment))).toEqual({ segment, file: false });
      expect(segmentOf(`${encodeSegment(segment)}.b`)).toEqual({ segment, file: true });
    }),
  );
});

it.each(['.tmp', 'a.txt', 'a.b.part', '%zz', '%FF', '..', ''])('knows %s for a name that it did not make', (name) => {
  expect(segmentOf(name)).toBeUndefined();
});

it('refuses a segment that no file system would take', () => {
  expect(() => pathOf('/root', `m/${'ł'.repeat(60)}`)).toThrow(RangeError);
});
