import { describe, expect, test } from 'vitest';
import { createItemOperations, type ItemOperationsDeps } from '../../../lib/commands/item-operations.ts';
import type { ShownClass, Wish } from '../../../lib/commands/show/item.ts';
import type { ItemOperationsRequest, ItemOperationsResponse } from '../../../lib/documents/item-operations.ts';
import { Email } from '../../../lib/documents/items/email.ts';
import { type LogFields, silentLog } from '../../../lib/ops/log.ts';
import type { CommandContext, Piece } from '../../../lib/protocol/command.ts';
import { OutcomeUnknown, StoreConflict, StoreUnavailable } from '../../../lib/store/ports.ts';
import { encodeFragment, WbxmlElement } from '../../../lib/wbxml/index.ts';
import { INBOX, TRASH } from '../../support/mailboxes.ts';
import { openQueryWorld, type QueryWorld, runAsBytes, textOf } from '../../support/query-world.ts';

type Operation = ItemOperationsRequest[number];
type Fetch = Extract<Operation, { tag: 'Fetch' }>['value'];

const el = WbxmlElement.of;
const CONVERSATION = '00112233445566778899aabbccddeeff';
const ID = Buffer.from(CONVERSATION, 'hex');
const BODY: Piece = {
  size: 4,
  async *stream() {
    yield Buffer.from('body');
  },
};

interface Given extends Partial<ItemOperationsDeps> {
  readonly fails?: Error;
  readonly cost?: number;
  readonly over?: Partial<CommandContext>;
  readonly multipart?: boolean;
}

async function open() {
  const world = await openQueryWorld();
  const file = (n: number, size: number) => {
    const blob = `alice/${'b'.repeat(32)}/a${n}`;
    return { n, name: 'f', contentType: 'text/plain', size, method: 1, inline: false, blob } as const;
  };
  const id = await world.put('m', { attachments: [file(0, 10), file(1, 0), file(2, 3)] });
  await world.blobs.put(file(0, 0).blob, Buffer.from('0123456789'));
  const reference = (n: number) => `${id}:${n}:${'b'.repeat(32)}`;
  return { world, id, reference, ...operator(world) };
}

function operator(world: QueryWorld) {
  const wishes: Wish[] = [];
  const rules: unknown[] = [];
  async function run(operations: readonly Operation[], given: Given = {}) {
    const shown: ShownClass = {
      itemClass: 'Email',
      cost: () => given.cost ?? 10,
      show: async (item, wish) => {
        wishes.push(wish);
        if (given.fails) throw given.fails;
        const properties = encodeFragment(Email, { Subject: item.content.subject } as Email, wish.version);
        return { properties, body: wish.part === undefined ? undefined : BODY };
      },
    };
    const command = createItemOperations({
      blobs: world.blobs,
      classes: [shown],
      conversations: async () => [],
      rules: { set: async (...rule) => void rules.push(rule) },
      ...given,
    });
    const query = { ...world.context().query, acceptMultiPart: given.multipart };
    const result = await runAsBytes(command, operations, world.context({ query, ...given.over }));
    if (!('document' in result)) throw new Error(result.kind);
    return { result, document: result.document, response: result.document.Response };
  }
  const fetch = async (value: Partial<Fetch>, given?: Given) =>
    (await run([{ tag: 'Fetch', value: { Store: 'Mailbox', ...value } as Fetch }], given)).response!.Fetch![0]!;
  return { run, fetch, wishes, rules };
}

/** What `Properties` say, read as the response would be. */
function propertiesOf(answer: NonNullable<NonNullable<ItemOperationsResponse['Response']>['Fetch']>[number]) {
  return Buffer.from((answer.Properties as { bytes: Uint8Array }).bytes).toString('latin1');
}

describe('ItemOperations', () => {
  test('carries out its operations in their order, each with an outcome of its own [MS-ASCMD R193 R194]', async () => {
    const { run, id } = await open();
    const operations: Operation[] = [
      { tag: 'Fetch', value: { Store: 'Mailbox', CollectionId: INBOX, ServerId: id } },
      { tag: 'EmptyFolderContents', value: { CollectionId: INBOX } },
      { tag: 'Fetch', value: { Store: 'Mailbox', CollectionId: INBOX, ServerId: id } },
      { tag: 'Move', value: { ConversationId: ID, DstFldId: TRASH } },
    ];
    const { document } = await run(operations);
    expect(document).toMatchObject({
      Status: 1,
      Response: {
        Fetch: [
          { Status: 1, CollectionId: INBOX, ServerId: id, Class: 'Email' },
          { Status: 6, CollectionId: INBOX, ServerId: id },
        ],
        EmptyFolderContents: [{ Status: 1, CollectionId: INBOX }],
        Move: [{ Status: 155, ConversationId: new Uint8Array(ID) }],
      },
    });
  });

  test('takes a hundred operations, and not none', async () => {
    const { run } = await open();
    const some = (count: number): Operation[] =>
      Array.from({ length: count }, () => ({ tag: 'Fetch', value: { Store: 'elsewhere' } }));
    expect((await run([])).document).toEqual({ Status: 2 });
    expect((await run(some(100))).response?.Fetch).toHaveLength(100);
    expect((await run(some(101))).document).toEqual({ Status: 11 });
  });

  test('that cannot be read is status 2, what else is in the way a status of its own', async () => {
    const deps = { blobs: {} as never, classes: [], conversations: async () => [], rules: { set: async () => {} } };
    const command = createItemOperations(deps);
    expect([103, 104, 110].map((status) => command.failure(status))).toEqual([
      { Status: 2 },
      { Status: 2 },
      { Status: 110 },
    ]);
    for (const wrong of [0, -1, 1.5, Number.NaN]) {
      expect(() => createItemOperations({ ...deps, options: { memoryBytes: wrong } })).toThrow(RangeError);
      expect(() => createItemOperations({ ...deps, options: { dataBytes: wrong } })).toThrow(RangeError);
    }
    expect(() => createItemOperations({ ...deps, options: { memoryBytes: 1, dataBytes: 1 } })).not.toThrow();
  });

  test.each<[string, Error]>([
    ['is down', new StoreUnavailable('x')],
    ['is busy', new StoreConflict('x')],
    ['does not say what became of it', new OutcomeUnknown('x')],
  ])('says of one operation alone that the store %s', async (_, error) => {
    const { run, fetch, id } = await open();
    const logged: [string, LogFields | undefined][] = [];
    const over = {
      log: { ...silentLog, warn: (event: string, fields?: LogFields) => void logged.push([event, fields]) },
    };
    const conversations = () => Promise.reject(error);
    const { response } = await run(
      [{ tag: 'Move', value: { ConversationId: ID, DstFldId: TRASH, Options: { MoveAlways: true } } }],
      { conversations, over },
    );
    expect(response?.Move).toMatchObject([{ Status: 3 }]);
    expect(logged).toMatchObject([['operation failed', { requestId: 'r1' }]]);
    expect(await fetch({ CollectionId: INBOX, ServerId: id })).toMatchObject({ Status: 1 });
  });

  test('fails where it has a bug, and does nothing for somebody who is gone', async () => {
    const { run } = await open();
    const move: Operation = {
      tag: 'Move',
      value: { ConversationId: ID, DstFldId: TRASH, Options: { MoveAlways: true } },
    };
    const conversations = () => Promise.reject(new TypeError('bug'));
    await expect(run([move], { conversations })).rejects.toThrow(TypeError);
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(run([move], { over: { signal } })).rejects.toThrow('gone');
  });
});

describe('Fetch of a message', () => {
  test.each<[string, Partial<Fetch>, number]>([
    ['another store', { Store: 'Elsewhere', CollectionId: INBOX, ServerId: '?' }, 9],
    ['its store in other letters', { Store: ' MAILBOX ', CollectionId: INBOX, ServerId: '?' }, 1],
    ['nothing', {}, 2],
    ['two things', { CollectionId: INBOX, ServerId: '?', LongId: '?' }, 2],
    ['a document of a library', { LinkId: 'x', LongId: '?' }, 2],
    ['an item without its folder', { ServerId: '?' }, 2],
    ['an item of another folder', { CollectionId: TRASH, ServerId: '?' }, 6],
    ['an item whose name is none', { CollectionId: INBOX, ServerId: 'x' }, 6],
    ['a search result', { LongId: '?' }, 1],
    ['a search result whose name is none', { LongId: 'x' }, 6],
    ['options of another operation', { LongId: '?', Options: { DeleteSubFolders: true } }, 2],
    ['options of a third', { LongId: '?', Options: { MoveAlways: true } }, 2],
    ['MIME for all', { LongId: '?', Options: { MIMESupport: 2 } }, 1],
    ['MIME for more', { LongId: '?', Options: { MIMESupport: 3 } }, 2],
    ['MIME for fewer than none', { LongId: '?', Options: { MIMESupport: -1 } }, 2],
    ['a message part', { LongId: '?', Options: { BodyPartPreference: { Type: 2 } } }, 1],
    ['a message part that is not HTML', { LongId: '?', Options: { BodyPartPreference: { Type: 1 } } }, 164],
  ])('of %s', async (_, value, status) => {
    const { fetch, id } = await open();
    const named = JSON.parse(JSON.stringify(value).replaceAll('?', id)) as Partial<Fetch>;
    expect((await fetch(named)).Status).toBe(status);
  });

  test('by its ServerId names both again, by a LongId that', async () => {
    const { fetch, id } = await open();
    const one = await fetch({ CollectionId: INBOX, ServerId: id });
    expect(one).toMatchObject({ Status: 1, CollectionId: INBOX, ServerId: id, Class: 'Email' });
    expect(one).not.toHaveProperty('LongId', id);
    expect(propertiesOf(one)).toContain('Subject m');
    const other = await fetch({ LongId: id });
    expect(other).toMatchObject({ Status: 1, LongId: id });
    expect(other.ServerId).toBeUndefined();
  });

  test('follows the item of a search where it went, and no item of a folder', async () => {
    const { fetch, id, world } = await open();
    await world.mailbox.move(INBOX, id.slice(id.indexOf(':') + 1) as never, TRASH);
    expect((await fetch({ LongId: id })).Status).toBe(1);
    expect((await fetch({ CollectionId: INBOX, ServerId: id })).Status).toBe(6);
  });

  test('shows it whole, as its options want it', async () => {
    const { fetch, id, wishes } = await open();
    await fetch({ LongId: id });
    const schema = el('ItemOperations', 'Schema', [el('Email', 'Subject'), el('AirSyncBase', 'Body')]);
    const preferences = { BodyPreference: [{ Type: 2 }], BodyPartPreference: { Type: 2 } };
    await fetch({ LongId: id, Options: { MIMESupport: 1, Schema: schema, ...preferences } });
    expect(wishes).toEqual([
      { version: 161, bodyPreferences: [], mimeSupport: 0, withoutPreference: 'whole' },
      {
        version: 161,
        bodyPreferences: [{ Type: 2 }],
        bodyPartPreference: { Type: 2 },
        mimeSupport: 1,
        withoutPreference: 'whole',
        schema: new Set(['Subject', 'Body']),
      },
    ]);
  });

  test('of a class that is not shown is not found', async () => {
    const { fetch, id } = await open();
    expect((await fetch({ LongId: id }, { classes: [] })).Status).toBe(6);
  });

  test('that cannot be shown is status 14, and says so in the log without its content', async () => {
    const { fetch, id } = await open();
    const logged: [string, LogFields | undefined][] = [];
    const over = {
      log: { ...silentLog, warn: (event: string, fields?: LogFields) => void logged.push([event, fields]) },
    };
    expect((await fetch({ LongId: id }, { fails: new Error('secret'), over })).Status).toBe(14);
    expect(logged).toMatchObject([['item cannot be shown', { requestId: 'r1', item: id.slice(INBOX.length + 1) }]]);
    expect((await fetch({ LongId: id }, { fails: new StoreUnavailable('down') })).Status).toBe(3);
  });

  test('takes memory: what is more than all may have together is status 11', async () => {
    const { run, id } = await open();
    const two: Operation[] = Array.from({ length: 2 }, () => ({
      tag: 'Fetch',
      value: { Store: 'Mailbox', LongId: id },
    }));
    const statuses = async (memoryBytes: number) =>
      (await run(two, { cost: 10, options: { memoryBytes } })).response?.Fetch?.map(({ Status }) => Status);
    expect(await statuses(20)).toEqual([1, 1]);
    expect(await statuses(19)).toEqual([1, 11]);
    expect(await statuses(9)).toEqual([11, 11]);
  });
});

describe('Fetch of an attachment', () => {
  test('puts its data into the document in the place of a text that nobody can guess', async () => {
    const { run, reference } = await open();
    const fetch = (n: number): Operation => ({
      tag: 'Fetch',
      value: { Store: 'Mailbox', FileReference: [reference(n)] },
    });
    const { result, response } = await run([fetch(0), fetch(0)]);
    if (result.kind !== 'inlined') throw new Error(result.kind);
    expect(result.pieces).toHaveLength(2);
    const [one, two] = result.pieces;
    expect(one!.placeholder).toMatch(/^\{[\w-]{32}\}$/);
    expect(one!.placeholder).not.toBe(two!.placeholder);
    expect(propertiesOf(response!.Fetch![0]!)).toContain(one!.placeholder);
    expect(await textOf(one!.piece)).toBe('0123456789');
    expect(response?.Fetch).toMatchObject([
      { Status: 1, FileReference: reference(0) },
      { Status: 1, FileReference: reference(0) },
    ]);
    const empty = await run([fetch(1)]);
    expect(empty.result.kind).toBe('document');
  });

  test('names parts by their number where the answer has parts, messages among them', async () => {
    const { run, reference, id, wishes } = await open();
    const file: Operation = { tag: 'Fetch', value: { Store: 'Mailbox', FileReference: [reference(0)] } };
    const mail: Operation = { tag: 'Fetch', value: { Store: 'Mailbox', LongId: id } };
    const { result } = await run([file, mail, file], { multipart: true });
    if (result.kind !== 'multipart') throw new Error(result.kind);
    expect(await Promise.all(result.parts.map(textOf))).toEqual(['0123456789', 'body', '0123456789']);
    expect(wishes[0]?.part).toBe(2);
    const nothing = await run([{ tag: 'EmptyFolderContents', value: { CollectionId: TRASH } }], { multipart: true });
    expect(nothing.result).toMatchObject({ kind: 'multipart', parts: [] });
  });

  test.each<[string, (reference: (n: number) => string) => Partial<Fetch>, number, string | undefined]>([
    ['all of it', (at) => ({ FileReference: [at(0)] }), 1, '0123456789'],
    ['a range of it', (at) => ({ FileReference: [at(0)], Options: { Range: ' 2-4 ' } }), 1, '234'],
    ['one byte of it', (at) => ({ FileReference: [at(0)], Options: { Range: '9-9' } }), 1, '9'],
    ['more than there is', (at) => ({ FileReference: [at(0)], Options: { Range: '8-99' } }), 1, '89'],
    ['what is past its end', (at) => ({ FileReference: [at(0)], Options: { Range: '10-11' } }), 8, undefined],
    ['a range that is none', (at) => ({ FileReference: [at(0)], Options: { Range: '4-2' } }), 8, undefined],
    ['no range at all [MS-ASDTYPE R95]', (at) => ({ FileReference: [at(0)], Options: { Range: 'x' } }), 8, undefined],
    [
      'a range of nothing [MS-ASCMD R4162]',
      (at) => ({ FileReference: [at(1)], Options: { Range: '0-1' } }),
      10,
      undefined,
    ],
    ['an empty one', (at) => ({ FileReference: [at(1)] }), 1, undefined],
    ['one whose bytes are gone', (at) => ({ FileReference: [at(2)] }), 15, undefined],
    ['one that is not there', (at) => ({ FileReference: [at(3)] }), 15, undefined],
    [
      'one of another version',
      (at) => ({ FileReference: [at(0).replace(/[0-9a-f]{32}$/, 'c'.repeat(32))] }),
      15,
      undefined,
    ],
    ['a name that is none', () => ({ FileReference: ['x'] }), 15, undefined],
    ['two', (at) => ({ FileReference: [at(0), at(0)] }), 2, undefined],
    [
      'properties of it',
      (at) => ({ FileReference: [at(0)], Options: { Schema: el('ItemOperations', 'Schema') } }),
      2,
      undefined,
    ],
  ])('of %s', async (_, value, status, text) => {
    const { run, reference } = await open();
    const { result, response } = await run([
      { tag: 'Fetch', value: { Store: 'Mailbox', ...value(reference) } as Fetch },
    ]);
    const [fetched] = response!.Fetch!;
    expect(fetched!.Status).toBe(status);
    const pieces = result.kind === 'inlined' ? result.pieces : [];
    expect(pieces.map(({ piece }) => piece.size)).toEqual(text === undefined ? [] : [text.length]);
    if (text !== undefined) expect(await textOf(pieces[0]!.piece)).toBe(text);
  });

  test('tells range and whole where a part of it was asked for, and its type always', async () => {
    const { fetch, reference } = await open();
    const properties = async (Range?: string) =>
      propertiesOf(await fetch({ FileReference: [reference(0)], Options: Range === undefined ? {} : { Range } }));
    expect(await properties('2-99')).toMatch(/2-9.*10.*text\/plain/s);
    expect(await properties()).toContain('text/plain');
    expect(await properties()).not.toContain('0-9');
  });

  test('goes up to what one answer may have', async () => {
    const { run, reference } = await open();
    const two: Operation[] = Array.from({ length: 2 }, () => ({
      tag: 'Fetch',
      value: { Store: 'Mailbox', FileReference: [reference(0)] },
    }));
    const statuses = async (dataBytes: number) =>
      (await run(two, { options: { dataBytes } })).response?.Fetch?.map(({ Status }) => Status);
    expect(await statuses(20)).toEqual([1, 1]);
    expect(await statuses(19)).toEqual([1, 11]);
  });
});
