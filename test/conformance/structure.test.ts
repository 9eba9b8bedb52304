import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FindProperties } from '../../lib/documents/find.ts';
import { FileProperties } from '../../lib/documents/item-operations.ts';
import { Email } from '../../lib/documents/items/email.ts';
import { Gal } from '../../lib/documents/items/gal.ts';
import { PingResponse } from '../../lib/documents/ping.ts';
import { SyncResponse } from '../../lib/documents/sync.ts';
import { type ProtocolVersion, parseVersion, SUPPORTED_VERSIONS, versionName } from '../../lib/protocol/versions.ts';
import { decode, encode, parseDocument, type Schema, WbxmlElement } from '../../lib/wbxml/index.ts';
import { type Occurrence, SAMPLE_DATE, SAMPLE_TEXT, sampleOf } from '../support/sample.ts';
import { SCHEMAS } from '../support/schemas.ts';
import { readLedger } from './ledger.ts';

/** One fact about an element of a document, and the requirements that state it. */
interface Row {
  readonly schema: string;
  readonly parent: string;
  readonly element: string;
  readonly fact: string;
  readonly ids: string;
}

const rows: readonly Row[] = readFileSync(path.join(import.meta.dirname, 'structure.tsv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [schema, parent, element, fact, ids] = line.split('\t') as [string, string, string, string, string];
    return { schema, parent, element, fact, ids };
  });

const schemas = new Map(SCHEMAS);
const COMMANDS = path.join(import.meta.dirname, '../../lib/commands');

/** A document proves nothing as long as no command answers with it. */
function isAnswered(schema: string): boolean {
  const command = schema.replace(/(?:Request|Response)$/, '');
  if (command === schema) return true;
  const file = command.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  return existsSync(path.join(COMMANDS, `${file}.ts`));
}

describe('the structure of documents', () => {
  it('has facts about known requirements only, each once', () => {
    const known = new Set(readLedger().map(({ document, id }) => `${document} ${id}`));
    const named = rows.flatMap(({ ids }) => {
      const [document, ...list] = ids.split(' ');
      return list.map((id) => `${document} ${id}`);
    });
    expect(named.filter((name) => !known.has(name))).toEqual([]);
    expect(named.filter((name, place) => named.indexOf(name) !== place)).toEqual([]);
  });

  // Whole, where the runner would cut what it fills in: ids that are cut prove nothing.
  const titled = rows
    .filter(({ schema }) => isAnswered(schema))
    .map((row) => [`${row.schema}: ${row.parent}/${row.element} ${row.fact} [${row.ids}]`, row] as const);
  it.each(titled)('%s', (_, { schema: name, parent, element, fact }) => {
    const schema = schemas.get(name);
    if (!schema) throw new Error(`there is no ${name}`);
    const [kind, ...values] = fact.split(' ');
    const check = CHECKS[kind!];
    if (!check) throw new Error(`no check for ${fact}`);
    const versions = SUPPORTED_VERSIONS.filter((version) => occurs(schema, version, parent, element));
    expect(versions, 'versions that have the element').not.toEqual([]);
    check({ schema, parent, element, versions }, ...values);
  });
});

interface Subject {
  readonly schema: Schema<unknown>;
  readonly parent: string;
  readonly element: string;
  readonly versions: readonly ProtocolVersion[];
}
type Check = (subject: Subject, ...values: string[]) => void;

const CHECKS: Readonly<Record<string, Check>> = {
  /** The document is this element. */
  root({ schema, element, versions }) {
    for (const version of versions) expect(tree(schema, version).tag).toBe(element);
  },
  /** It stands below this parent, in one version at least; which ones, is what `version` says. */
  parent() {},
  version({ versions }, ...names) {
    expect(versions.map(versionName)).toEqual(expect.arrayContaining(names));
    expect(names.every((name) => parseVersion(name))).toBe(true);
  },
  /** No version before this one has it. */
  since({ versions }, name) {
    expect(versionName(versions[0]!)).toBe(name);
  },
  /** Nothing stands inside of it. */
  leaf(subject) {
    for (const found of everywhere(subject)) expect(found.children).toEqual([]);
  },
  children(subject, list) {
    const tags = new Set(everywhere(subject).flatMap(({ children }) => children.map(({ tag }) => tag)));
    expect([...tags]).toEqual(expect.arrayContaining(list!.split(',')));
  },
  /** Nothing else stands inside of it. */
  only(subject, list) {
    const tags = new Set(everywhere(subject).flatMap(({ children }) => children.map(({ tag }) => tag)));
    expect([...tags]).toEqual(list!.split(','));
  },
  /** These stand beside it. */
  peers({ schema, parent, versions }, list) {
    for (const version of versions) {
      const around: string[] = [];
      const walk = (one: WbxmlElement): void => {
        if (one.tag === parent) around.push(...one.children.map(({ tag }) => tag));
        one.children.forEach(walk);
      };
      walk(tree(schema, version));
      expect(around).toEqual(expect.arrayContaining(list!.split(',')));
    }
  },
  /** It may come without a value, and that is told apart from its absence. */
  blank({ schema, element, versions }) {
    for (const version of versions) {
      const value = sample(schema, version);
      expect(setEverywhere(value, element, null)).toBe(true);
      const written = encode(schema, value, version);
      expect(JSON.stringify(decode(schema, written, version))).toContain(`"${element}":null`);
    }
  },
  /** In this order, whatever the version leaves out. */
  order(subject, list) {
    const wanted = list!.split(',');
    for (const { children } of everywhere(subject)) {
      const places = children.map(({ tag }) => wanted.indexOf(tag)).filter((place) => place >= 0);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(places.length).toBeGreaterThan(1);
    }
  },
  /** With a second value: from that version on; before, it was of another type. */
  type(subject, type, first) {
    const form = TYPES[type!];
    if (!form) throw new Error(`no form for ${type}`);
    const start = first === undefined ? 0 : parseVersion(first)!;
    const versions = subject.versions.filter((version) => version >= start);
    for (const found of everywhere({ ...subject, versions })) form(found);
  },
  /** `min..max`: what is too few cannot be written, what is allowed comes through. */
  count({ schema, parent, element, versions }, bounds) {
    const [min, max] = bounds!.split('..') as [string, string];
    if (parent === '-') {
      // A document is one element; any other in its place is refused.
      const other = encode(PingResponse, { Status: 1 }, 161);
      expect(() => decode(schema, element === 'Ping' ? encode(SyncResponse, {}, 161) : other, 161)).toThrow();
      return;
    }
    for (const version of versions) {
      const write = (times: number) => {
        const occurrence: Occurrence = { parent, tag: element, times };
        return encode(schema, sample(schema, version, occurrence), version);
      };
      if (min === '0') expect(decode(schema, write(0), version)).toBeDefined();
      else expect(() => write(0), `${versionName(version)} without it`).toThrow();
      expect(find(parseDocument(write(1)), parent, element)).not.toEqual([]);
      const most = max === 'N' ? 2 : Number(max);
      if (most > 1) expect(() => decode(schema, write(most), version)).not.toThrow();
      if (max !== 'N') expect(() => write(most + 1), `${versionName(version)} with ${most + 1}`).toThrow();
    }
  },
  /** It comes once where it comes; two cannot be written. */
  max({ schema, parent, element, versions }, bound) {
    for (const version of versions) {
      const occurrence: Occurrence = { parent, tag: element, times: Number(bound) + 1 };
      expect(() => encode(schema, sample(schema, version, occurrence), version)).toThrow();
    }
  },
};

const text = ({ content }: WbxmlElement) => (typeof content === 'string' ? content : undefined);

const TYPES: Readonly<Record<string, (found: WbxmlElement) => void>> = {
  /** Bytes may stand in a string as base64. */
  string: (found) => expect([SAMPLE_TEXT, 'AQID']).toContain(text(found)),
  integer: (found) => expect(text(found)).toMatch(/^-?\d+$/),
  unsignedByte: (found) => expect(text(found)).toMatch(/^[12]$/),
  boolean: (found) => expect(text(found)).toMatch(/^[01]$/),
  double: (found) => expect(text(found)).toBe('1.5'),
  dateTime: (found) => expect(text(found)).toBe(new Date(SAMPLE_DATE).toISOString()),
  compactDateTime: (found) => expect(text(found)).toBe('20260115T120000Z'),
  bytes: (found) => expect(Buffer.from(found.content as Uint8Array)).toEqual(Buffer.of(1, 2, 3)),
  container(found) {
    expect(found.content).toBeUndefined();
  },
  none(found) {
    expect(found.content).toBeUndefined();
    expect(found.children).toEqual([]);
  },
};

/** Whether there was such a property. */
function setEverywhere(value: unknown, name: string, to: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (name in value) {
    (value as Record<string, unknown>)[name] = to;
    return true;
  }
  return Object.values(value).some((inner) => setEverywhere(inner, name, to));
}

/** The elements as they are on the wire, in all versions that have them. */
function everywhere({ schema, parent, element, versions }: Subject): WbxmlElement[] {
  return versions.flatMap((version) => find(tree(schema, version), parent, element));
}

function occurs(schema: Schema<unknown>, version: ProtocolVersion, parent: string, element: string): boolean {
  return find(tree(schema, version), parent, element).length > 0;
}

function tree(schema: Schema<unknown>, version: ProtocolVersion): WbxmlElement {
  return parseDocument(encode(schema, sample(schema, version), version));
}

/** The parent `-` is that of a root; an element's namespace is named where two share the tag. */
function find(root: WbxmlElement, parent: string, element: string): WbxmlElement[] {
  if (parent === '-') return root.tag === element ? [root] : [];
  const [tag, namespace] = element.split(':').reverse();
  const found: WbxmlElement[] = [];
  const isIt = (child: WbxmlElement) => child.tag === tag && (namespace === undefined || child.namespace === namespace);
  const walk = (one: WbxmlElement): void => {
    for (const child of one.children) {
      if (one.tag === parent && isIt(child)) found.push(child);
      walk(child);
    }
  };
  walk(root);
  return found;
}

/** What stands where a document leaves open what stands there. */
const OPEN: Readonly<Record<string, readonly Schema<unknown>[]>> = {
  Find: [FindProperties],
  ItemOperations: [Email, FileProperties],
  Search: [Email, Gal],
};

function sample(schema: Schema<unknown>, version: ProtocolVersion, occurrence?: Occurrence): unknown {
  const open = WbxmlElement.of('AirSync', 'ApplicationData', []);
  for (const item of OPEN[schema.tag] ?? [Email]) {
    // The items stand below the open element, whatever it is called there.
    const inside = occurrence?.parent === 'Properties' ? { ...occurrence, parent: item.tag } : occurrence;
    const content = sampleOf(item, { version, occurrence: inside });
    for (const child of parseDocument(encode(item, content, version)).children) open.append(child);
  }
  return sampleOf(schema, { version, occurrence, open });
}
