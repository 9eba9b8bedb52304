import { describe, expect, test } from 'vitest';
import { createGetAttachment } from '../../../lib/commands/get-attachment.ts';
import { type CommandContext, ProtocolFailure } from '../../../lib/protocol/command.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { openQueryWorld, textOf } from '../../support/query-world.ts';

const BLOB = 'b'.repeat(32);

async function open(contentType = 'text/plain') {
  const world = await openQueryWorld();
  const file = { n: 0, name: 'f', contentType, size: 4, method: 1, inline: false, blob: `alice/${BLOB}/a0` } as const;
  const reference = `${await world.put('m', { attachments: [file] })}:0:${BLOB}`;
  await world.blobs.put(file.blob, Buffer.from('data'));
  const get = async (attachmentName: string | undefined, over: Partial<CommandContext> = {}, blobs = world.blobs) => {
    const query = { ...world.context().query, attachmentName };
    const context = world.context({ version: 121, query, ...over });
    const result = await createGetAttachment(blobs).run(context, undefined);
    if (result.kind !== 'file') throw new Error(result.kind);
    return result;
  };
  return { reference, get };
}

describe('GetAttachment', () => {
  test('answers with the bytes and their type', async () => {
    const { reference, get } = await open();
    const { contentType, piece } = await get(reference);
    expect([contentType, piece.size, await textOf(piece)]).toEqual(['text/plain', 4, 'data']);
  });

  test.each<[string, string]>([
    ['Image/PNG', 'image/png'],
    ['application/vnd.ms-excel', 'application/vnd.ms-excel'],
    ['text/html', 'application/octet-stream'],
    ['image/svg+xml', 'application/octet-stream'],
    ['text/javascript', 'application/octet-stream'],
    ['application/xml', 'application/octet-stream'],
    ['text/plain\r\nX: y', 'application/octet-stream'],
    ['text/plain; charset=utf-8', 'application/octet-stream'],
    [' text/plain', 'application/octet-stream'],
    [`text/${'x'.repeat(64)}`, `text/${'x'.repeat(64)}`],
    [`text/${'x'.repeat(65)}`, 'application/octet-stream'],
    [`${'x'.repeat(65)}/plain`, 'application/octet-stream'],
    ['', 'application/octet-stream'],
  ])('does not let the sender’s type %j become a page or another header: %s', async (sent, told) => {
    const { reference, get } = await open(sent);
    expect((await get(reference)).contentType).toBe(told);
  });

  test.each([undefined, ''])('needs a name: %j is none', async (name) => {
    const answer = (await open()).get(name);
    await expect(answer).rejects.toBeInstanceOf(ProtocolFailure);
    await expect(answer).rejects.toMatchObject({ status: 101 });
  });

  test('of something that is not there fails, with the reason behind it', async () => {
    const answer = (await open()).get('x');
    await expect(answer).rejects.toBeInstanceOf(ProtocolFailure);
    await expect(answer).rejects.toHaveProperty('cause');
  });

  test('passes on trouble of the store', async () => {
    const { reference, get } = await open();
    const down = { get: () => Promise.reject(new StoreUnavailable('down')) } as never;
    await expect(get(reference, {}, down)).rejects.toThrow(StoreUnavailable);
  });

  test('has no document to put a status into', () => {
    expect(() => createGetAttachment({} as never).failure(110)).toThrow();
  });
});
