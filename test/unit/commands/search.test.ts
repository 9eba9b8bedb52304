import { describe, expect, test } from 'vitest';
import { createSearch, type SearchDeps } from '../../../lib/commands/search.ts';
import type { ShownClass, Wish } from '../../../lib/commands/show/item.ts';
import { Email } from '../../../lib/documents/items/email.ts';
import { Gal } from '../../../lib/documents/items/gal.ts';
import type { SearchRequest } from '../../../lib/documents/search.ts';
import type { Item, Mailbox } from '../../../lib/mailbox/types.ts';
import { type LogFields, silentLog } from '../../../lib/ops/log.ts';
import type { CommandContext } from '../../../lib/protocol/command.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { decodeElement, encodeFragment, WbxmlElement } from '../../../lib/wbxml/index.ts';
import { INBOX } from '../../support/mailboxes.ts';
import { addressBookOf, askAsBytes, bareContext, people } from '../../support/query-world.ts';

const el = WbxmlElement.of;
const FOLDERS = [
  { id: INBOX, parent: '0' },
  { id: 'below', parent: INBOX },
];
const mailbox = { folders: async () => FOLDERS } as unknown as Mailbox;
const words = [el('Search', 'And', [el('Search', 'FreeText', 'crane')])];
type Options = SearchRequest['Store']['Options'];

/** Each letter of `ids` is a message; what is shown of one is its id as a subject. */
function searcher(given: Partial<SearchDeps> & { ids?: string; cost?: number; bad?: Record<string, Error> } = {}) {
  const asked: unknown[] = [];
  const wishes: Wish[] = [];
  const items = [...(given.ids ?? '')].map((id) => ({ id, folder: INBOX, class: id === 'n' ? 'Notes' : 'Email' }));
  const shown: ShownClass = {
    itemClass: 'Email',
    cost: () => given.cost ?? 10,
    show: async (item, wish) => {
      wishes.push(wish);
      if (given.bad?.[item.id]) throw given.bad[item.id];
      return { properties: encodeFragment(Email, { Subject: item.id } as Email, wish.version) };
    },
  };
  const mail: SearchDeps['mail'] = {
    search: async (_, query, range) => {
      asked.push(query, range);
      return { items: items as unknown as Item[], total: 77 };
    },
  };
  const { addressBook } = addressBookOf(people(['Ada', 'ada@x.org'], ['Alan', 'alan@x.org'], ['Al', 'al@x.org']));
  const command = createSearch({ mail, addressBook, classes: [shown], ...given });
  return { command, asked, wishes };
}

async function search(
  Name: string,
  query: string | WbxmlElement[],
  Options?: Options,
  given: Parameters<typeof searcher>[0] = {},
  over: Partial<CommandContext> = {},
) {
  const { command, asked, wishes } = searcher(given);
  const request = { Store: { Name, Query: el('Search', 'Query', query), Options } };
  const answer = await askAsBytes(command, request, bareContext({ mailbox, ...over }));
  expect(answer.Status).toBe(1);
  const { Store } = answer.Response!;
  const results = Store.Result?.filter(({ Properties }) => Properties) ?? [];
  return { Store, results, asked, wishes };
}

describe('a Search', () => {
  test.each<[string, number]>([
    ['GAL', 1],
    [' gal ', 1],
    ['DocumentLibrary', 6],
    ['Elsewhere', 2],
  ])('is of a store: %j is status %i', async (name, status) => {
    expect((await search(name, 'Ada')).Store.Status).toBe(status);
  });

  test.each<[string | undefined, number, object]>([
    [undefined, 1, { from: 0, to: 99 }],
    ['0-0', 1, { from: 0, to: 0 }],
    ['5-99', 1, { from: 5, to: 99 }],
    ['5-100', 12, {}],
    ['9-5', 2, {}],
    ['all', 2, {}],
  ])('of the range %s is status %i', async (Range, status, range) => {
    const { Store, asked } = await search('Mailbox', words, { Range }, { ids: 'a' });
    expect(Store.Status).toBe(status);
    if (status === 1) expect(asked[1]).toEqual(range);
    else expect(asked).toEqual([]);
  });

  test('that cannot be read is status 2 of its store, what else is in the way a status of its own', () => {
    const { command } = searcher();
    const invalid = { Status: 1, Response: { Store: { Status: 2 } } };
    expect([103, 104].map((status) => command.failure(status))).toEqual([invalid, invalid]);
    expect(command.failure(110)).toEqual({ Status: 110 });
  });

  test.each([0, -1, 1.5, Number.NaN])('does not begin with a limit of %s bytes', (bytes) => {
    expect(() => searcher({ bytes })).toThrow(RangeError);
    expect(() => searcher({ bytes: 1 })).not.toThrow();
  });
});

describe('a Search of the address list', () => {
  test('tells of each entry, how many there are and which these are', async () => {
    const { Store, results } = await search('GAL', 'al', { Range: '0-0' });
    expect(Store).toMatchObject({ Status: 1, Range: '0-0', Total: 2 });
    const [only] = results.map(({ Properties }) => decodeElement(Gal, Properties as WbxmlElement, 161));
    expect(only).toEqual({ DisplayName: 'Alan', Alias: 'alan', EmailAddress: 'alan@x.org' });
    expect(results).toHaveLength(1);
    expect((await search('GAL', 'al', { Range: '1-5' })).Store.Range).toBe('1-1');
    expect((await search('GAL', 'a', { Range: '0-1' })).results).toHaveLength(2);
  });

  test('has no result where nothing was found [MS-ASCMD R3847]', async () => {
    expect((await search('GAL', 'zz')).Store).toEqual({ Status: 1, Total: 0 });
  });

  test('is for a text, not for elements', async () => {
    expect((await search('GAL', words)).Store).toEqual({ Status: 2 });
  });

  test.each<[161 | 140, object | undefined, object | undefined]>([
    [161, {}, { Status: 173 }],
    [161, undefined, undefined],
    [140, {}, undefined],
  ])('says that there is no picture where it knows of pictures: %i %j', async (version, Picture, told) => {
    const { results } = await search('GAL', 'Ada', { Picture }, {}, { version });
    expect(decodeElement(Gal, results[0]!.Properties as WbxmlElement, version).Picture).toEqual(told);
  });
});

describe('a Search of the mailbox', () => {
  test.each<[25 | 120, number]>([
    [25, 2],
    [120, 1],
  ])('came with 12.0: version %i has status %i', async (version, status) => {
    const { command } = searcher({ ids: 'a' });
    const request = { Store: { Name: 'Mailbox', Query: el('Search', 'Query', words) } };
    const answer = await command.run(bareContext({ mailbox, version }), request as never);
    expect(answer).toMatchObject({ document: { Response: { Store: { Status: status } } } });
  });

  test('tells of each message where it is and what it is', async () => {
    const { Store, results, wishes } = await search('Mailbox', words, { Range: '5-9' }, { ids: 'ab' });
    expect(Store).toMatchObject({ Status: 1, Range: '5-6', Total: 77 });
    expect(results).toMatchObject([
      { Class: 'Email', LongId: `${INBOX}:a`, CollectionId: INBOX },
      { Class: 'Email', LongId: `${INBOX}:b`, CollectionId: INBOX },
    ]);
    expect(decodeElement(Email, results[1]!.Properties as WbxmlElement, 161).Subject).toBe('b');
    expect(wishes[0]).toEqual({ version: 161, bodyPreferences: [], mimeSupport: 0, withoutPreference: 'size' });
  });

  test('has one empty result where nothing was found [MS-ASCMD R3850]', async () => {
    const { Store } = await search('Mailbox', words);
    expect(Store).toMatchObject({ Status: 1, Result: [{}], Total: 77 });
    expect(Store.Range).toBeUndefined();
  });

  test('shows bodies as they are wanted', async () => {
    const options = { BodyPreference: [{ Type: 1 }], BodyPartPreference: { Type: 2 }, MIMESupport: 2 };
    const { wishes } = await search('Mailbox', words, options, { ids: 'a' });
    expect(wishes).toMatchObject([{ bodyPreferences: [{ Type: 1 }], bodyPartPreference: { Type: 2 }, mimeSupport: 2 }]);
  });

  test.each<[Options, number]>([
    [{ MIMESupport: 0 }, 1],
    [{ MIMESupport: 2 }, 1],
    [{ MIMESupport: 3 }, 2],
    [{ MIMESupport: -1 }, 2],
    [{ BodyPartPreference: { Type: 2 } }, 1],
    [{ BodyPartPreference: { Type: 1 } }, 164],
  ])('of options %j is status %i', async (options, status) => {
    expect((await search('Mailbox', words, options)).Store.Status).toBe(status);
  });

  test('looks below the folders that are named where that is asked for', async () => {
    const query = [el('Search', 'And', [el('Search', 'FreeText', 'crane'), el('AirSync', 'CollectionId', INBOX)])];
    const foldersOf = async (options?: Options) => (await search('Mailbox', query, options)).asked[0];
    expect(await foldersOf()).toMatchObject({ folders: [INBOX] });
    expect(await foldersOf({ DeepTraversal: true })).toMatchObject({ folders: [INBOX, 'below'] });
  });

  test('leaves out what it cannot show, and says so in the log without its content', async () => {
    const logged: [string, LogFields | undefined][] = [];
    const log = { ...silentLog, warn: (event: string, fields?: LogFields) => void logged.push([event, fields]) };
    const bad = { b: new Error('secret subject') };
    const { results } = await search('Mailbox', words, {}, { ids: 'abnc', bad }, { log });
    expect(results.map(({ LongId }) => LongId)).toEqual([`${INBOX}:a`, `${INBOX}:c`]);
    expect(logged).toMatchObject([['item cannot be shown', { requestId: 'r1', item: 'b', error: 'Error' }]]);
  });

  test('fails where the store has trouble', async () => {
    const bad = { b: new StoreUnavailable('down') };
    await expect(search('Mailbox', words, {}, { ids: 'ab', bad })).rejects.toThrow(StoreUnavailable);
  });

  test('shows bodies as long as there is room for them, and messages without them after that', async () => {
    const options = { BodyPreference: [{ Type: 1 }], BodyPartPreference: { Type: 2 } };
    const bodies = async (bytes: number) => {
      const { wishes } = await search('Mailbox', words, options, { ids: 'abc', cost: 10, bytes });
      return wishes.map((wish) => [wish.bodyPreferences.length, wish.bodyPartPreference !== undefined]);
    };
    expect(await bodies(30)).toEqual(Array(3).fill([1, true]));
    expect(await bodies(29)).toEqual([
      [1, true],
      [1, true],
      [0, false],
    ]);
    expect(await bodies(9)).toEqual(Array(3).fill([0, false]));
  });
});
