import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encode, parseDocument, WbxmlElement, WbxmlWriter } from '../../../lib/wbxml/index.ts';
import { CODE_PAGES } from '../../../lib/wbxml/pages.ts';
import { valuesFor } from '../../support/arbitraries.ts';
import { libwbxmlInstalled, type Named, readWithLibwbxml, writeWithLibwbxml } from '../../support/codecs/libwbxml.ts';
import {
  pyactivesyncInstalled,
  readWithPyactivesync,
  writeWithPyactivesync,
} from '../../support/codecs/pyactivesync.ts';
import { type Tree, treeOf } from '../../support/codecs/tree.ts';
import { SCHEMAS } from '../../support/schemas.ts';

const CAPTURES = path.join(import.meta.dirname, '../../fixtures/captures');
/** What XML can hold, and what neither codec trims. */
const printable = fc
  .string({ unit: fc.constantFrom(...'aZ09 <>&"\'/äß語😀'), minLength: 1, maxLength: 30 })
  .map((text) => `[${text}]`);

/** Documents of every schema, the same in each run, and everything that real software sent. */
const documents: readonly Uint8Array[] = [
  ...readdirSync(CAPTURES).map((name) => readFileSync(path.join(CAPTURES, name))),
  ...SCHEMAS.flatMap(([, schema], index) =>
    fc
      .sample(valuesFor(schema, 161, { texts: printable }), { numRuns: 4, seed: 5000 + index })
      .map((value) => encode(schema, value, 161)),
  ),
];

/** `<Sync>` with every tag of every page once. */
function everyTag(): Uint8Array {
  const writer = new WbxmlWriter();
  writer.beginDocument();
  writer.start(0, 5);
  for (const { page, tags } of CODE_PAGES) {
    for (const [token] of tags) {
      writer.start(page, token);
      writer.text('eA==');
      writer.end();
    }
  }
  writer.end();
  return writer.toDocument();
}

function rebuilt([page, token, text, opaque, children]: Tree): WbxmlElement {
  const element = new WbxmlElement(page, token);
  if (opaque !== null) element.content = Buffer.from(opaque, 'hex');
  else if (text !== null) element.content = text;
  for (const child of children) element.append(rebuilt(child));
  return element;
}

/** No difference is seen between an opaque value of no bytes and nothing. */
const plain = ([page, token, text, opaque, children]: Tree): Tree => [
  page,
  token,
  text,
  opaque || null,
  children.map(plain),
];

describe.skipIf(!pyactivesyncInstalled)('pyactivesync and this codec', () => {
  test('read the same from the same bytes', () => {
    const expected = documents.map((bytes) => plain(treeOf(parseDocument(bytes))));
    expect(readWithPyactivesync(documents).map(plain)).toEqual(expected);
  });

  test('write the same, where it knows the tags', () => {
    const trees = documents.map((bytes) => treeOf(parseDocument(bytes)));
    const written = writeWithPyactivesync(trees);
    const known = written.flatMap((bytes, index) => (bytes === null ? [] : [{ bytes, tree: trees[index]! }]));
    expect(known.length).toBeGreaterThan(60);
    for (const { bytes, tree } of known) expect(plain(treeOf(parseDocument(bytes)))).toEqual(plain(tree));
  });
});

describe.skipIf(!libwbxmlInstalled)('libwbxml and this codec', () => {
  /** libwbxml's names by code, and which tags it takes for binary. */
  const names = new Map<number, { namespace: string; name: string }>();
  const codes = new Map<string, number>();
  const binary = new Set<number>();
  if (libwbxmlInstalled) {
    const { children } = readWithLibwbxml(everyTag());
    const all = CODE_PAGES.flatMap(({ page, tags }) => tags.map(([token]) => (page << 6) | token));
    for (const [index, { namespace, name, text }] of children.entries()) {
      const code = all[index]!;
      if (text !== 'eA==') binary.add(code);
      if (name === 'unknown') continue;
      names.set(code, { namespace, name });
      codes.set(namespace + name, code);
    }
  }

  /** Words that one says and the other does not. */
  const same = (ours: string, theirs: string): boolean => {
    const word = (name: string): string => name.toLowerCase().replace(/[-_]|address|telephone|phone/g, '');
    return word(theirs).endsWith(word(ours));
  };

  test('name the same tags, but for words', () => {
    const different: string[] = [];
    for (const { page, namespace, tags } of CODE_PAGES) {
      for (const [token, tag] of tags) {
        const theirs = names.get((page << 6) | token);
        if (theirs === undefined) different.push(`${namespace}:${tag} unknown`);
        else if (theirs.namespace.toLowerCase() !== `${namespace.toLowerCase()}:`)
          different.push(`${namespace}:${tag} elsewhere`);
        else if (!same(tag, theirs.name)) different.push(`${namespace}:${tag} ${theirs.name}`);
      }
    }
    const find = CODE_PAGES[25]!.tags.map(([, tag]) => `Find:${tag} unknown`);
    expect(different).toEqual([
      'Email:Att0Id AttOId',
      'MeetingResponse:ProposedStartTime unknown',
      'MeetingResponse:ProposedEndTime unknown',
      'Provision:RequireStorageCardEncryption DeviceEncryptionEnabled',
      'Provision:AccountOnlyRemoteWipe unknown',
      'Settings:RightsManagementInformation ihsManagementInformation',
      'RightsManagement:RemoveRightsManagementProtection RemoveRightsManagementDistribution',
      ...find,
    ]);
  });

  /** Our tree as libwbxml shows it; undefined where it does not know a tag. */
  function named([page, token, text, opaque, children]: Tree): Named | undefined {
    const known = names.get((page << 6) | token);
    const inner = children.map(named);
    if (known === undefined || inner.includes(undefined)) return undefined;
    const bytes = opaque !== null ? Buffer.from(opaque, 'hex') : Buffer.from(text ?? '');
    const isBinary = opaque !== null || binary.has((page << 6) | token);
    return { ...known, text: isBinary ? bytes.toString('base64') : bytes.toString(), children: inner as Named[] };
  }

  /** Only what it can show: it knows no opaque values but in the tags that it takes for binary. */
  const readable = documents
    .map((bytes) => ({ bytes, tree: treeOf(parseDocument(bytes)) }))
    .filter(({ tree }) => consistent(tree))
    .flatMap(({ bytes, tree }) => {
      const expected = named(tree);
      return expected === undefined ? [] : [{ bytes, tree, expected }];
    });

  function consistent([page, token, , opaque, children]: Tree): boolean {
    return (opaque === null || binary.has((page << 6) | token)) && children.every(consistent);
  }

  test('read the same from the same bytes', () => {
    expect(readable.length).toBeGreaterThan(60);
    for (const { bytes, expected } of readable) expect(readWithLibwbxml(bytes)).toEqual(expected);
  });

  test('write what the other reads', () => {
    for (const { expected, tree } of readable) {
      const bytes = writeWithLibwbxml(expected);
      expect(named(treeOf(parseDocument(bytes)))).toEqual(named(tree));
    }
  });
});

test('a tree is the same document again', () => {
  for (const bytes of documents) {
    const tree = treeOf(parseDocument(bytes));
    expect(treeOf(rebuilt(tree))).toEqual(tree);
  }
});
