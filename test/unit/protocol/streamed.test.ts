import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileProperties, ItemOperationsResponse } from '../../../lib/documents/item-operations.ts';
import type { AnyCommand, Piece } from '../../../lib/protocol/command.ts';
import { base64Size, collected, streamedBody } from '../../../lib/protocol/streamed.ts';
import { decode, decodeElement, encodeFragment, type WbxmlElement } from '../../../lib/wbxml/index.ts';
import { partsOf } from '../../support/client/item-operations.ts';

const ENCODING = {
  command: { response: ItemOperationsResponse } as unknown as AnyCommand,
  version: 161,
  gzip: false,
} as const;

/** Bytes that come in chunks of these sizes. */
function piece(bytes: Uint8Array, chunks: readonly number[] = [], size = bytes.length): Piece {
  return {
    size,
    async *stream() {
      let at = 0;
      for (const length of [...chunks, bytes.length]) {
        yield bytes.subarray(at, at + length);
        at += length;
      }
    },
  };
}
const chunkSizes = fc.array(fc.nat(20), { maxLength: 6 });

function inlined(pieces: readonly Piece[]) {
  const all = pieces.map((each) => ({ placeholder: `{${randomBytes(12).toString('hex')}}`, piece: each }));
  const Fetch = all.map(({ placeholder }) => ({
    Status: 1,
    Properties: encodeFragment(FileProperties, { ContentType: 'a/b', Data: placeholder }, 161),
  }));
  // In another order than in the document.
  return streamedBody(ENCODING, {
    kind: 'inlined',
    document: { Status: 1, Response: { Fetch } },
    pieces: all.toReversed(),
  })!;
}

describe('data inside of a document', () => {
  it('is the document that base64 in memory would have made, whatever the chunks are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.uint8Array({ maxLength: 50 }), chunkSizes), { maxLength: 3 }),
        async (all) => {
          const { size, chunks } = inlined(all.map(([bytes, sizes]) => piece(bytes, sizes)));
          const body = Buffer.from(await collected(chunks, size));
          const { Response } = decode(ItemOperationsResponse, body, 161);
          const data = (Response?.Fetch ?? []).map(({ Properties }) => {
            return decodeElement(FileProperties, Properties as WbxmlElement, 161).Data ?? '';
          });
          expect(data).toEqual(all.map(([bytes]) => Buffer.from(bytes).toString('base64')));
        },
      ),
    );
  });

  it.each([0, 1, 2, 3, 4, 1000])('of %i bytes has the size that is told', (bytes) => {
    expect(base64Size(bytes)).toBe(Buffer.alloc(bytes).toString('base64').length);
  });
});

describe('data behind a document', () => {
  it('is where the head of the body says [MS-ASCMD R5509 R5512 R5517 R5518]', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.uint8Array({ maxLength: 50 }), chunkSizes), { maxLength: 4 }),
        async (all) => {
          const parts = all.map(([bytes, sizes]) => piece(bytes, sizes));
          const { size, chunks, contentType } = streamedBody(ENCODING, {
            kind: 'multipart',
            document: { Status: 1 },
            parts,
          })!;
          const [document, ...data] = partsOf(Buffer.from(await collected(chunks, size)));
          expect(contentType).toBe('application/vnd.ms-sync.multipart');
          expect(decode(ItemOperationsResponse, document!, 161)).toEqual({ Status: 1 });
          expect(data.map((each) => [...each])).toEqual(all.map(([bytes]) => [...bytes]));
        },
      ),
    );
  });

  it('ends the answer where it has another size than was told: nobody takes it for another', async () => {
    for (const told of [3, 5]) {
      const parts = [piece(new Uint8Array(4), [], told)];
      const { chunks, size } = streamedBody(ENCODING, { kind: 'multipart', document: { Status: 1 }, parts })!;
      await expect(collected(chunks, size + 8)).rejects.toThrow('size that was told');
    }
  });

  it('cannot be more than an offset of four bytes reaches', () => {
    const parts = [piece(new Uint8Array(0), [], 0xffff_fff0)];
    expect(() => streamedBody(ENCODING, { kind: 'multipart', document: { Status: 1 }, parts })).toThrow(RangeError);
  });
});

it('results of other kinds are no streams', () => {
  expect(streamedBody(ENCODING, { kind: 'empty' })).toBeUndefined();
  expect(streamedBody(ENCODING, { kind: 'document', document: { Status: 1 } })).toBeUndefined();
});
