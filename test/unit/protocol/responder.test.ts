/** Answers that leave while they are read, through the whole pipeline. */
import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { FolderSyncResponse } from '../../../lib/documents/folder-sync.ts';
import type { EasResponse } from '../../../lib/http/types.ts';
import type { CommandResult, Piece } from '../../../lib/protocol/command.ts';
import { base64Size } from '../../../lib/protocol/streamed.ts';
import { folderSyncOf, Harness, HEADERS } from './harness.ts';

/** What is stored, read in chunks of these sizes; `size` where it is told wrong. */
function piece(bytes: Uint8Array, sizes: readonly number[] = [bytes.length], size = bytes.length): Piece {
  return {
    size,
    async *stream() {
      let at = 0;
      for (const each of sizes) {
        yield bytes.subarray(at, at + each);
        at += each;
      }
    },
  };
}

const stored = (length: number): Uint8Array => randomBytes(length);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function answer(result: CommandResult<FolderSyncResponse>, headers = {}): Promise<EasResponse> {
  const harness = new Harness();
  harness.folderSync = () => result;
  return await harness.send({ headers: { ...HEADERS, ...headers } });
}

async function whole({ body }: EasResponse): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const DOCUMENT = { Status: 1, SyncKey: 'k' };

describe('a multipart answer', () => {
  const multipart = (parts: readonly Piece[]) => answer({ kind: 'multipart', document: DOCUMENT, parts });

  /** The parts as a device finds them. */
  function partsOf(bytes: Buffer): Buffer[] {
    return Array.from({ length: bytes.readUInt32LE(0) }, (_, n) => {
      const at = bytes.readUInt32LE(4 + 8 * n);
      return bytes.subarray(at, at + bytes.readUInt32LE(8 + 8 * n));
    });
  }

  it('tells where each part is, the document first [MS-ASCMD R5505 R5506 R5509 R5510 R5511 R5512 R5513 R5517 R5518]', async () => {
    const [one, other] = [stored(300), stored(70_000)];
    const response = await multipart([piece(one, [100, 200]), piece(new Uint8Array(0), []), piece(other)]);
    expect(response.status).toBe(200);
    expect(response.headers['Content-Type']).toBe('application/vnd.ms-sync.multipart');
    expect(response.headers['Cache-Control']).toBe('private');
    const bytes = await whole(response);
    expect(response.headers['Content-Length']).toBe(`${bytes.length}`);
    const [document, ...parts] = partsOf(bytes);
    expect(folderSyncOf({ ...response, body: document! })).toEqual(DOCUMENT);
    expect(parts.map((part) => part.toString('hex'))).toEqual(
      [one, new Uint8Array(0), other].map((part) => Buffer.from(part).toString('hex')),
    );
    // Nothing between them, nothing behind.
    expect(bytes.length).toBe(4 + 8 * 4 + document!.length + 300 + 70_000);
  });

  it('may have no part but the document', async () => {
    const bytes = await whole(await multipart([]));
    expect(partsOf(bytes)).toHaveLength(1);
    expect(bytes.length).toBe(12 + bytes.readUInt32LE(8));
  });

  it('cannot be larger than its offsets can tell', async () => {
    expect(folderSyncOf(await multipart([piece(new Uint8Array(0), [], 2 ** 32 - 20)])).Status).toBe(111);
    const just = await multipart([piece(new Uint8Array(0), [], 2 ** 32 - 100)]);
    expect(just.headers['Content-Type']).toBe('application/vnd.ms-sync.multipart');
  });

  it.each([
    ['less', piece(stored(10), [10], 11)],
    ['more', piece(stored(10), [10], 9)],
    ['more in a second chunk', piece(stored(10), [5, 5], 5)],
    ['something where nothing was told', piece(new Uint8Array(0), [], 1)],
  ])('ends the connection where a part is %s than was told, and never shifts what follows', async (_, wrong) => {
    const large = piece(stored(70_000));
    await expect(multipart([large, wrong, piece(text('next'))]).then(whole)).rejects.toThrow('size');
  });
});

describe('a document with data inside', () => {
  const inlined = (SyncKey: string, pieces: readonly { placeholder: string; piece: Piece }[]) =>
    answer({ kind: 'inlined', document: { Status: 1, SyncKey }, pieces });

  it.each([0, 1, 2, 3, 4, 5, 300])('has the base64 of %i bytes where its placeholder was', async (length) => {
    const bytes = stored(length);
    const response = await inlined('before @1@ after', [{ placeholder: '@1@', piece: piece(bytes) }]);
    expect(response.headers['Content-Type']).toBe('application/vnd.ms-sync.wbxml');
    const body = await whole(response);
    expect(response.headers['Content-Length']).toBe(`${body.length}`);
    const base64 = Buffer.from(bytes).toString('base64');
    expect(base64).toHaveLength(base64Size(length));
    expect(folderSyncOf({ ...response, body }).SyncKey).toBe(`before ${base64} after`);
  });

  it.each([[[1, 1, 1, 1, 1, 1, 1]], [[2, 5]], [[3, 3, 1]], [[4, 0, 3]], [[7]], [[1, 6]]])(
    'has it whatever the chunks are, %j',
    async (sizes) => {
      const bytes = stored(7);
      const response = await inlined('@1@', [{ placeholder: '@1@', piece: piece(bytes, sizes) }]);
      expect(folderSyncOf({ ...response, body: await whole(response) }).SyncKey).toBe(
        Buffer.from(bytes).toString('base64'),
      );
    },
  );

  it('may have several, given in any order', async () => {
    const response = await inlined('@1@, @2@, @3@', [
      { placeholder: '@3@', piece: piece(text('three')) },
      { placeholder: '@1@', piece: piece(text('one')) },
      { placeholder: '@2@', piece: piece(text('two')) },
    ]);
    const encoded = ['one', 'two', 'three'].map((word) => Buffer.from(word).toString('base64'));
    const body = await whole(response);
    expect(response.headers['Content-Length']).toBe(`${body.length}`);
    expect(folderSyncOf({ ...response, body }).SyncKey).toBe(encoded.join(', '));
  });

  it('without its placeholder is a bug of ours, and passes', async () => {
    expect(folderSyncOf(await inlined('nothing', [{ placeholder: '@1@', piece: piece(text('x')) }])).Status).toBe(111);
  });
});

describe('a file', () => {
  const file = (bytes: Uint8Array, headers = {}) =>
    answer({ kind: 'file', contentType: 'image/png', piece: piece(bytes) }, headers);

  it.each([0, 1, 64 * 1024, 64 * 1024 + 1])('of %i bytes is the whole body', async (length) => {
    const bytes = stored(length);
    const response = await file(bytes);
    expect(response.headers).toMatchObject({ 'Content-Type': 'image/png', 'Content-Length': `${length}` });
    // What is small is collected, what is large leaves while it is read.
    expect(response.body instanceof Uint8Array).toBe(length <= 64 * 1024);
    expect((await whole(response)).equals(bytes)).toBe(true);
  });

  it('is compressed where it is small and shrinks', async () => {
    const gzip = { 'accept-encoding': 'gzip' };
    const small = await file(new Uint8Array(20_000), gzip);
    expect(small.headers['Content-Encoding']).toBe('gzip');
    expect(gunzipSync(small.body as Uint8Array)).toHaveLength(20_000);
    expect((await file(stored(20_000), gzip)).headers).not.toHaveProperty('Content-Encoding');
    expect((await file(new Uint8Array(70_000), gzip)).headers).not.toHaveProperty('Content-Encoding');
    expect((await file(new Uint8Array(50_000), gzip)).headers['Content-Encoding']).toBe('gzip');
    expect((await file(stored(50_000), gzip)).headers).not.toHaveProperty('Content-Encoding');
    expect((await file(new Uint8Array(1400), gzip)).headers['Content-Encoding']).toBe('gzip');
    expect((await file(new Uint8Array(1399), gzip)).headers).not.toHaveProperty('Content-Encoding');
  });
});
