import { describe, expect, test } from 'vitest';
import { foldersOf, mailboxQuery } from '../../../../lib/commands/search/mailbox-query.ts';
import { SearchFailed } from '../../../../lib/commands/search/status.ts';
import type { Folder } from '../../../../lib/mailbox/types.ts';
import { WbxmlElement } from '../../../../lib/wbxml/index.ts';

const el = WbxmlElement.of;
const folder = (id: string, parent = '0') => ({ id, parent }) as Folder;
/** Parents first: a has b, which has c; d is apart. */
const FOLDERS = [folder('a'), folder('d'), folder('b', 'a'), folder('c', 'b')];

const free = (text: string) => el('Search', 'FreeText', text);
const inFolder = (id: string) => el('AirSync', 'CollectionId', id);
const ofClass = (name: string) => el('AirSync', 'Class', name);
const dated = (tag: 'GreaterThan' | 'LessThan', value: string) =>
  el('Search', tag, [el('Email', 'DateReceived'), el('Search', 'Value', value)]);
const NOON = '2026-01-15T12:00:00.000Z';
const noon = Date.UTC(2026, 0, 15, 12);

const query = (children: WbxmlElement[], deep = false) =>
  mailboxQuery(el('Search', 'Query', children), 161, FOLDERS, deep);
const and = (...children: WbxmlElement[]) => query([el('Search', 'And', children)]);

/** The status that a query ends with. */
function statusOf(ask: () => unknown): number | undefined {
  try {
    ask();
    return undefined;
  } catch (error) {
    if (error instanceof SearchFailed) return error.status;
    throw error;
  }
}

describe('a query of the mailbox', () => {
  test('says what its parts say, and nothing of what it does not name', () => {
    const said = and(free('crane'));
    expect(said.clauses).toHaveLength(1);
    expect(Object.keys(said).filter((key) => said[key as keyof typeof said] !== undefined)).toEqual(['clauses']);
    const id = new Uint8Array(16).fill(0xab);
    expect(
      and(free('crane'), ofClass('Email'), ofClass('SMS'), inFolder('a'), el('Search', 'ConversationId', id)),
    ).toMatchObject({ classes: ['Email', 'SMS'], folders: ['a'], conversations: ['ab'.repeat(16)] });
  });

  test('asks once for what it names often', () => {
    const often = Array.from({ length: 50 }, () => [ofClass('Email'), inFolder('a'), inFolder('b')]).flat();
    expect(and(free('crane'), ...often)).toMatchObject({ classes: ['Email'], folders: ['a', 'b'] });
  });

  test.each<[string, WbxmlElement[]]>([
    ['words', [free('crane')]],
    ['a conversation', [el('Search', 'ConversationId', new Uint8Array(16))]],
    ['a date after', [dated('GreaterThan', NOON)]],
    ['a date before', [dated('LessThan', NOON)]],
    ['a date in its words', [free('received>2026-01-15')]],
    ['attachments', [free('hasattachment:yes')]],
  ])('searches for %s alone', (_, children) => {
    expect(statusOf(() => and(...children))).toBeUndefined();
  });

  test.each<[string, WbxmlElement[]]>([
    ['nothing in it [MS-ASCMD R4329]', []],
    ['words that are none', [free(' ')]],
    ['only a folder', [inFolder('a')]],
    ['only a class', [ofClass('Email')]],
    ['a class that is none', [free('crane'), ofClass('Email'), ofClass('Fax')]],
    [
      'two conversations [MS-ASCMD R5815]',
      [1, 2].map((byte) => el('Search', 'ConversationId', new Uint8Array(16).fill(byte))),
    ],
    ['a date that is none', [free('crane'), dated('LessThan', 'soon')]],
  ])('with %s is status 2', (_, children) => {
    expect(statusOf(() => and(...children))).toBe(2);
  });

  test('is one And and no more [MS-ASCMD R772 R923]', () => {
    const one = el('Search', 'And', [free('a')]);
    const two = el('Search', 'And', [free('b')]);
    expect(statusOf(() => query([]))).toBe(2);
    expect(statusOf(() => query([one, two]))).toBe(8);
    expect(statusOf(() => query([free('a')]))).toBe(8);
    expect(statusOf(() => query([el('Search', 'Or', [free('a')])]))).toBe(8);
    expect(statusOf(() => and(free('c'), el('Search', 'And', [free('a')])))).toBe(8);
    expect(statusOf(() => and(free('c'), el('Search', 'Or', [free('a')])))).toBe(8);
    const linked = [el('DocumentLibrary', 'LinkId'), el('Search', 'Value', 'x')];
    expect(statusOf(() => and(free('c'), el('Search', 'EqualTo', linked)))).toBe(8);
  });

  test('takes the narrower of two dates, and either where there is one', () => {
    const [day, hour] = ['2026-01-10', '2026-01-20'];
    expect(and(dated('GreaterThan', NOON)).after).toBe(noon);
    expect(and(dated('LessThan', NOON)).before).toBe(noon);
    expect(and(dated('GreaterThan', NOON), free(`received>${day}`)).after).toBe(noon);
    expect(and(dated('GreaterThan', NOON), free(`received>${hour}`)).after).toBeGreaterThan(noon);
    expect(and(dated('LessThan', NOON), free(`received<${day}`)).before).toBeLessThan(noon);
    expect(and(dated('LessThan', NOON), free(`received<${hour}`)).before).toBe(noon);
    expect(and(free(`received<${hour}`)).before).toBeGreaterThan(noon);
    expect(and(free(`received>${day}`)).after).toBeLessThan(noon);
  });

  test('goes into the folders below where that is asked for', () => {
    const asked = [el('Search', 'And', [free('x'), inFolder('b')])];
    expect(query(asked).folders).toEqual(['b']);
    expect(query(asked, true).folders).toEqual(['b', 'c']);
  });
});

describe('the folders of a search', () => {
  test.each<[string, string[], boolean, string[] | undefined]>([
    ['those that are named', ['d', 'a'], false, ['d', 'a']],
    ['each once', ['a', 'a'], false, ['a']],
    ['those below, however deep', ['a'], true, ['a', 'b', 'c']],
    ['all, by their root', ['0'], false, undefined],
    ['all, whatever else is named', ['nowhere', '0'], true, undefined],
    ['none', [], true, []],
  ])('are %s', (_, named, deep, expected) => {
    expect(foldersOf(named, FOLDERS, deep)).toEqual(expected);
  });

  test.each(['nowhere', 'a:b', ''])('are to be synchronised where %j is none of them', (name) => {
    expect(statusOf(() => foldersOf(['a', name], FOLDERS, false))).toBe(11);
  });
});
