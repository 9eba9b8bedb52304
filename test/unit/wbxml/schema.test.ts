import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  decode,
  decodeElement,
  encode,
  encodeFragment,
  type Infer,
  parseDocument,
  toXml,
  WbxmlElement,
  WbxmlError,
} from '../../../lib/wbxml/index.ts';
import {
  bool,
  container,
  document,
  documentAsGiven,
  embedded,
  type Field,
  flag,
  int,
  item,
  lazy,
  named,
  open,
  optional,
  ordered,
  orderedDocument,
  repeated,
  since,
  text,
  until,
  within,
} from '../../../lib/wbxml/schema.ts';

const Folder = container('Ping', { Id: text(), Class: optional(text()) });
const Ping = document('Ping', 'Ping', {
  HeartbeatInterval: optional(int()),
  Folders: optional(container('Ping', { Folder: repeated(Folder, 1, 3) })),
});
const of = WbxmlElement.of;

/** A document from a tree, whatever schemas say. */
function bytesOf(root: WbxmlElement): Uint8Array {
  const wrap = orderedDocument(root.namespace as 'Ping', root.tag, {});
  const any = { ...wrap, shape: { kind: 'open' } as const };
  return encode(any as never, root as never, 161);
}

function failing(run: () => unknown): WbxmlError {
  try {
    run();
  } catch (error) {
    if (error instanceof WbxmlError) return error;
    throw error;
  }
  throw new Error('did not fail');
}

const xml = (bytes: Uint8Array): string => toXml(bytes).split('\n')[1]!;

describe('a schema', () => {
  test('gives its values their types', () => {
    type Expected = {
      HeartbeatInterval?: number;
      Folders?: { Folder: readonly { Id: string; Class?: string }[] };
    };
    expectTypeOf<Infer<typeof Ping>>().toEqualTypeOf<Expected>();
    const list = orderedDocument('AirSync', 'Commands', { Add: int(), Delete: text() });
    expectTypeOf<Infer<typeof list>>().toEqualTypeOf<
      readonly ({ readonly tag: 'Add'; readonly value: number } | { readonly tag: 'Delete'; readonly value: string })[]
    >();
  });

  test('with a tag that its namespace does not have is a mistake, found when it is made', () => {
    expect(() => container('Ping', { Identifier: text() })).toThrow(TypeError);
    expect(() => ordered('Ping', { Identifier: text() })).toThrow(TypeError);
    expect(() => document('Ping', 'Pong', {})).toThrow(TypeError);
    expect(() => documentAsGiven('Ping', 'Pong', {})).toThrow(TypeError);
    expect(() => orderedDocument('Ping', 'Pong', {})).toThrow(TypeError);
  });

  test('writes its fields in their order, whatever the order of the value', () => {
    const value = { Folders: { Folder: [{ Class: 'Email', Id: '5' }] }, HeartbeatInterval: 60 };
    expect(xml(encode(Ping, value, 161))).toBe(
      '<Ping xmlns="Ping"><HeartbeatInterval>60</HeartbeatInterval><Folders><Folder><Id>5</Id><Class>Email</Class></Folder></Folders></Ping>',
    );
  });

  test('reads them in any order', () => {
    const root = of('Ping', 'Ping', [
      of('Ping', 'Folders', [of('Ping', 'Folder', [of('Ping', 'Class', 'Email'), of('Ping', 'Id', '5')])]),
      of('Ping', 'HeartbeatInterval', '60'),
    ]);
    expect(decode(Ping, bytesOf(root), 161)).toEqual({
      HeartbeatInterval: 60,
      Folders: { Folder: [{ Id: '5', Class: 'Email' }] },
    });
  });

  test('keeps the last of several where one is meant', () => {
    const root = of('Ping', 'Ping', [of('Ping', 'HeartbeatInterval', '60'), of('Ping', 'HeartbeatInterval', '90')]);
    expect(decode(Ping, bytesOf(root), 161)).toEqual({ HeartbeatInterval: 90 });
  });

  test('passes over what it does not name: other tags, other namespaces, tags that nobody defined', () => {
    const root = of('Ping', 'Ping', [
      of('Ping', 'MaxFolders', '3'),
      of('AirSync', 'HeartbeatInterval', '60'),
      of('Email', 'Subject', [of('Email', 'To')]),
    ]);
    root.append(new WbxmlElement(13, 0x3f));
    root.append(new WbxmlElement(77, 0x08));
    expect(decode(Ping, bytesOf(root), 161)).toEqual({});
  });

  test('takes an object without properties for an empty element', () => {
    expect([...encode(Ping, {}, 161).subarray(4)]).toEqual([0x00, 0x0d, 0x05]);
    expect(decode(Ping, Uint8Array.from([0x03, 0x01, 0x6a, 0x00, 0x00, 0x0d, 0x05]), 161)).toEqual({});
  });
});

describe('what does not fit is told with its place', () => {
  const folder = (...children: WbxmlElement[]): WbxmlElement => of('Ping', 'Folder', children);
  const id = of('Ping', 'Id', '5');
  const folders = (...children: WbxmlElement[]): Uint8Array =>
    bytesOf(of('Ping', 'Ping', [of('Ping', 'Folders', children)]));

  test.each<[string, Uint8Array, string, string]>([
    ['a missing child', folders(folder(id), folder()), 'Ping/Folders/Folder[2]/Id', 'Required, but absent'],
    ['too few children', folders(), 'Ping/Folders/Folder', 'Required, but absent'],
    [
      'too many children',
      folders(folder(id), folder(id), folder(id), folder(id)),
      'Ping/Folders/Folder[4]',
      'More than 3 times',
    ],
    ['text among elements', bytesOf(of('Ping', 'Ping', 'text')), 'Ping', 'Text where only elements belong'],
    ['another root', bytesOf(of('AirSync', 'Sync')), 'Sync', 'Expected Ping:Ping'],
    ['another root of the namespace', bytesOf(of('Ping', 'Folders')), 'Folders', 'Expected Ping:Ping'],
    ['the right root in another namespace', bytesOf(of('AirSync', 'Status')), 'Status', 'Expected Ping:Ping'],
  ])('%s', (_, bytes, path, problem) => {
    expect(failing(() => decode(Ping, bytes, 161))).toMatchObject({ reason: 'xml', path, problem });
  });

  test('a list may be as long as its limit, and no shorter than it must', () => {
    const Lists = document('Ping', 'Ping', {
      Folder: repeated(text(), 1, 2),
      Id: optional(repeated(text(), 2, 3)),
    });
    const read = (folders: number, ids: number) =>
      decode(
        Lists,
        bytesOf(
          of('Ping', 'Ping', [
            ...Array.from({ length: folders }, () => of('Ping', 'Folder', 'f')),
            ...Array.from({ length: ids }, () => of('Ping', 'Id', 'i')),
          ]),
        ),
        161,
      );
    expect(read(2, 3)).toEqual({ Folder: ['f', 'f'], Id: ['i', 'i', 'i'] });
    expect(read(1, 0)).toEqual({ Folder: ['f'] });
    expect(failing(() => read(0, 2))).toMatchObject({ path: 'Ping/Folder', problem: 'Required, but absent' });
    expect(failing(() => read(1, 1))).toMatchObject({ path: 'Ping/Id', problem: 'Too few' });
    expect(failing(() => read(3, 2))).toMatchObject({ path: 'Ping/Folder[3]', problem: 'More than 2 times' });

    const write = (Folder: string[], Id?: string[]) => xml(encode(Lists, { Folder, Id }, 161));
    expect(write(['a', 'b'], [])).toBe('<Ping xmlns="Ping"><Folder>a</Folder><Folder>b</Folder></Ping>');
    expect(write(['a'], ['1', '2', '3'])).toContain('<Id>3</Id>');
    expect(failing(() => write([]))).toMatchObject({ path: 'Ping/Folder', problem: 'Fewer than 1 times' });
    expect(failing(() => write(['a'], ['1']))).toMatchObject({ path: 'Ping/Id', problem: 'Fewer than 2 times' });
    expect(failing(() => write(['a', 'b', 'c']))).toMatchObject({ path: 'Ping/Folder', problem: 'More than 2 times' });
  });

  test('an error that is none of the codec passes as it is', () => {
    const value = {
      get HeartbeatInterval(): number {
        throw new SyntaxError('of the getter');
      },
    };
    expect(() => encode(Ping, value, 161)).toThrow(SyntaxError);
  });

  test('blanks among elements are no text', () => {
    expect(decode(Ping, bytesOf(of('Ping', 'Ping', ' \n')), 161)).toEqual({});
  });

  test.each<[string, unknown, string]>([
    ['a missing property', { Folders: { Folder: [{ Id: '1' }, {}] } }, 'Ping/Folders/Folder/Id'],
    ['no array', { Folders: { Folder: {} } }, 'Ping/Folders/Folder'],
    ['an array too short', { Folders: { Folder: [] } }, 'Ping/Folders/Folder'],
    ['an array too long', { Folders: { Folder: Array(4).fill({ Id: '1' }) } }, 'Ping/Folders/Folder'],
    ['no object', { Folders: 'x' }, 'Ping/Folders'],
    ['null', { Folders: null }, 'Ping/Folders'],
  ])('%s of the server', (_, value, path) => {
    expect(failing(() => encode(Ping, value as Infer<typeof Ping>, 161))).toMatchObject({ reason: 'value', path });
  });

  test('neither message nor path shows content', () => {
    const secret = bytesOf(of('Ping', 'Ping', [of('Ping', 'HeartbeatInterval', 'secret')]));
    const error = failing(() => decode(Ping, secret, 161));
    expect(error.message).toBe('Not a number at Ping/HeartbeatInterval (byte 7)');
  });
});

describe('a field', () => {
  test('has the versions of its tag', () => {
    const Body = item('AirSyncBase', { Type: int(), Preview: optional(text()) });
    const value = { Type: 1, Preview: 'p' };
    expect(decodeElement(Body, parseDocument(encode(Body, value, 140)), 140)).toEqual(value);
    const at141 = parseDocument(encode(Body, value, 141));
    expect(decodeElement(Body, at141, 121)).toEqual({ Type: 1 });
    expect(decodeElement(Body, parseDocument(encode(Body, value, 121)), 161)).toEqual({ Type: 1 });
  });

  test('may have a gate of its own, and is not missed beyond it', () => {
    const Gated = document('Ping', 'Ping', { Status: since(141, int()), Class: until(140, text()) });
    expect(xml(encode(Gated, { Status: 1, Class: 'c' }, 140))).toBe('<Ping xmlns="Ping"><Class>c</Class></Ping>');
    expect(xml(encode(Gated, { Status: 1, Class: 'c' }, 141))).toBe('<Ping xmlns="Ping"><Status>1</Status></Ping>');
    expect(xml(encode(Gated, { Status: 1 } as Infer<typeof Gated>, 161))).toContain('<Status>');
    expect(decode(Gated, encode(Gated, { Status: 1, Class: 'c' }, 140), 140)).toEqual({ Class: 'c' });
    expect(failing(() => encode(Gated, { Class: 'c' } as Infer<typeof Gated>, 141)).path).toBe('Ping/Status');
  });

  test('may be in another namespace, and have another tag than its property', () => {
    const Meeting = item('Email', {
      LegacyLocation: optional(named('Location', text())),
      Location: within('AirSyncBase', optional(container('AirSyncBase', { DisplayName: text() }))),
    });
    const value = { LegacyLocation: 'Room 1', Location: { DisplayName: 'Room 1' } };
    expect(xml(encode(Meeting, value, 141))).toBe(
      '<ApplicationData xmlns="AirSync"><Location xmlns="Email">Room 1</Location></ApplicationData>',
    );
    expect(xml(encode(Meeting, value, 160))).toBe(
      '<ApplicationData xmlns="AirSync"><Location xmlns="AirSyncBase"><DisplayName>Room 1</DisplayName></Location></ApplicationData>',
    );
  });

  test('that is a flag is written only where it is true', () => {
    const Collection = document('AirSync', 'Collection', { MoreAvailable: flag(), GetChanges: optional(bool()) });
    expect(xml(encode(Collection, { MoreAvailable: true, GetChanges: true }, 161))).toBe(
      '<Collection xmlns="AirSync"><MoreAvailable/><GetChanges>1</GetChanges></Collection>',
    );
    expect(xml(encode(Collection, {}, 161))).toBe('<Collection xmlns="AirSync"/>');
    expect(decode(Collection, encode(Collection, {}, 161), 161)).toEqual({});
    expect(xml(encode(Collection, { MoreAvailable: false, GetChanges: false }, 161))).toBe(
      '<Collection xmlns="AirSync"><GetChanges>0</GetChanges></Collection>',
    );
  });

  test('that repeats is an empty array, or absent where it is optional', () => {
    const Lists = document('Ping', 'Ping', { Folder: repeated(text()), Id: optional(repeated(text())) });
    expect(decode(Lists, encode(Lists, { Folder: [], Id: [] }, 161), 161)).toEqual({ Folder: [] });
    expect(decode(Lists, encode(Lists, { Folder: ['a', 'b'], Id: ['c'] }, 161), 161)).toEqual({
      Folder: ['a', 'b'],
      Id: ['c'],
    });
  });
});

describe('order', () => {
  const Commands = orderedDocument('AirSync', 'Commands', {
    Add: container('AirSync', { ServerId: text() }),
    Delete: container('AirSync', { ServerId: text() }),
  });

  test('across kinds is kept', () => {
    const list = [
      { tag: 'Add', value: { ServerId: '1' } },
      { tag: 'Delete', value: { ServerId: '2' } },
      { tag: 'Add', value: { ServerId: '3' } },
    ] as const;
    expect(decode(Commands, encode(Commands, list, 161), 161)).toEqual(list);
  });

  test('is that of the value where the answer has to follow the question', () => {
    const Answers = documentAsGiven('Ping', 'Ping', { Status: int(), Class: optional(text()), Id: optional(text()) });
    expect(xml(encode(Answers, { Id: 'i', Status: 1, Class: 'c' }, 161))).toBe(
      '<Ping xmlns="Ping"><Id>i</Id><Status>1</Status><Class>c</Class></Ping>',
    );
    const read = decode(Answers, encode(Answers, { Id: 'i', Status: 1, Class: 'c' }, 161), 161);
    expect(Object.keys(read)).toEqual(['Id', 'Status', 'Class']);
    expect(failing(() => encode(Answers, { Id: 'i' } as Infer<typeof Answers>, 161)).path).toBe('Ping/Status');
  });

  test('is kept inside of a container, too', () => {
    const Collection = document('AirSync', 'Collection', {
      SyncKey: text(),
      Commands: ordered('AirSync', { Add: text(), Delete: text() }),
    });
    const Commands = [
      { tag: 'Delete', value: '2' },
      { tag: 'Add', value: '1' },
    ] as const;
    const bytes = encode(Collection, { SyncKey: 'k', Commands }, 161);
    expect(xml(bytes)).toContain('<Commands><Delete>2</Delete><Add>1</Add></Commands>');
    expect(decode(Collection, bytes, 161)).toEqual({ SyncKey: 'k', Commands });
  });

  test('of kinds that the schema does not have leaves them out', () => {
    const wild = [
      { tag: 'Fetch', value: {} },
      { tag: 'Delete', value: { ServerId: '2' } },
    ] as never;
    expect(decode(Commands, encode(Commands, wild, 161), 161)).toEqual([{ tag: 'Delete', value: { ServerId: '2' } }]);
    const tree = bytesOf(
      of('AirSync', 'Commands', [of('AirSync', 'Fetch'), of('AirSync', 'Add', [of('AirSync', 'ServerId', '1')])]),
    );
    expect(decode(Commands, tree, 161)).toEqual([{ tag: 'Add', value: { ServerId: '1' } }]);
  });

  test('errors of both directions name the kind', () => {
    const tree = bytesOf(
      of('AirSync', 'Commands', [of('AirSync', 'Add', [of('AirSync', 'ServerId', '1')]), of('AirSync', 'Add')]),
    );
    expect(failing(() => decode(Commands, tree, 161)).path).toBe('Commands/Add[2]/ServerId');
    expect(failing(() => encode(Commands, [{ tag: 'Add', value: {} }] as never, 161)).path).toBe(
      'Commands/Add/ServerId',
    );
    expect(failing(() => encode(Commands, {} as never, 161))).toMatchObject({ reason: 'value', path: 'Commands' });
  });
});

describe('an open element', () => {
  const Change = document('AirSync', 'Change', { ServerId: text(), ApplicationData: open(), Class: optional(text()) });
  const Answer = document('AirSync', 'Change', {
    ServerId: text(),
    ApplicationData: embedded(),
    Class: optional(text()),
  });
  const Email = item('Email', { Subject: optional(text()), Read: optional(bool()) });

  test('is read as a tree, later with the schema of its class', () => {
    const data = of('AirSync', 'ApplicationData', [of('Email', 'Read', '1'), of('Tasks', 'Subject', 't')]);
    const change = decode(Change, encode(Change, { ServerId: '1', ApplicationData: data }, 161), 161);
    expect(change.ApplicationData.child('Tasks', 'Subject')?.text()).toBe('t');
    expect(decodeElement(Email, change.ApplicationData, 161)).toEqual({ Read: true });
  });

  test('takes what was encoded ahead, byte for byte as it would be encoded in place', () => {
    const value = { Subject: 'ü', Read: false };
    const ahead = encodeFragment(Email, value, 161);
    const data = of('AirSync', 'ApplicationData', [of('Email', 'Subject', 'ü'), of('Email', 'Read', '0')]);
    const rest = { ServerId: '1', Class: 'Email' };
    const bytes = encode(Answer, { ...rest, ApplicationData: ahead }, 161);
    expect(bytes).toEqual(encode(Answer, { ...rest, ApplicationData: data }, 161));
    const without = encode(Answer, { ...rest, ApplicationData: of('AirSync', 'ApplicationData') }, 161);
    // The fragment, one END, and the switch back to the page of Class.
    expect(bytes.length - without.length).toBe(ahead.size + 1 + 2);
  });

  test('is read with the schema of its class under another name as well, as ItemOperations has it', () => {
    const properties = of('ItemOperations', 'Properties', [of('Email', 'Subject', 's')]);
    expect(decodeElement(Email, properties, 161)).toEqual({ Subject: 's' });
    expect(failing(() => decodeElement(Email, properties, 161, true)).path).toBe('Properties');
  });

  test('cannot be encoded ahead where it holds no elements', () => {
    const schema = { ...Email, shape: text().shape } as never;
    expect(() => encodeFragment(schema, 'x' as never, 161)).toThrow('ApplicationData is no container');
  });

  test('takes nothing else', () => {
    const wrong = { ServerId: '1', ApplicationData: { Subject: 'x' } } as never;
    expect(failing(() => encode(Answer, wrong, 161))).toMatchObject({
      reason: 'value',
      path: 'Change/ApplicationData',
    });
  });

  test('errors name the place in the whole document', () => {
    const data = of('AirSync', 'ApplicationData', [of('Email', 'Read', 'maybe')]);
    const change = decode(Change, encode(Change, { ServerId: '1', ApplicationData: data }, 161), 161);
    expect(failing(() => decodeElement(Email, change.ApplicationData, 161)).path).toBe('Change/ApplicationData/Read');
  });

  test('keeps tags and pages that nobody defined', () => {
    const data = of('AirSync', 'ApplicationData');
    data.append(new WbxmlElement(77, 0x3f));
    const change = decode(Change, encode(Change, { ServerId: '1', ApplicationData: data }, 161), 161);
    expect(change.ApplicationData.children.map(({ page, token }) => [page, token])).toEqual([[77, 0x3f]]);
  });
});

describe('a schema that contains itself', () => {
  interface Query {
    readonly FreeText?: string;
    readonly And?: Query;
  }
  test('is written and read as deep as the value goes', () => {
    const And = (): Field<Query, false> => container('Search', fields);
    const fields = { FreeText: optional(text()), And: optional(lazy<Query>(And)) };
    const Root = document('Search', 'Query', fields);
    const value: Query = { And: { And: { FreeText: 'x' } } };
    const bytes = encode(Root, value, 161);
    expect(xml(bytes)).toBe('<Query xmlns="Search"><And><And><FreeText>x</FreeText></And></And></Query>');
    expect(decode(Root, bytes, 161)).toEqual(value);
  });
});
