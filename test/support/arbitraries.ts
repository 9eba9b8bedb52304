import fc from 'fast-check';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import { type Schema, WbxmlElement } from '../../lib/wbxml/index.ts';
import type { Field, Fields } from '../../lib/wbxml/schema.ts';
import type { Shape } from '../../lib/wbxml/shape.ts';
import { tagNamed } from '../../lib/wbxml/tags.ts';
import { elementXml } from '../../lib/wbxml/xml.ts';

const between = (min: number, max: number) => fc.integer({ min, max }).map((code) => String.fromCodePoint(code));

/** Of one to four bytes in UTF-8. The library's own `unit: 'binary'` takes seconds to be made. */
export const anyCharacter = fc.oneof(
  between(0, 0x7f),
  between(0x80, 0x7ff),
  between(0x800, 0xd7ff),
  between(0xe000, 0x10ffff),
);

/** Any character but NUL, which no document can hold. */
export const anyText = fc.string({ unit: anyCharacter, maxLength: 60 }).map((text) => text.replaceAll('\0', ''));

const lastCompact = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;
const firstCompact = Date.UTC(1601, 0, 1) / 1000;

/** What would be read as tokens if a string could end before its end: NUL, END, SWITCH_PAGE, STR_I, OPAQUE, tags. */
const token = fc.constantFrom(
  '\0',
  '\u0001',
  '\0\u0001\u0001',
  '\0\u0000\u000d\u0045',
  '\u0003',
  '\u00c3\u0002',
  'E',
  '\ud83d',
  'a',
);
export const hostileText = fc.oneof(
  fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join('')),
  fc.array(token, { maxLength: 12 }).map((tokens) => 'x'.repeat(30) + tokens.join('')),
  fc.string({ unit: anyCharacter, maxLength: 60 }),
);

interface Choices {
  readonly texts?: fc.Arbitrary<string>;
  readonly numbers?: fc.Arbitrary<number>;
  readonly elements?: fc.Arbitrary<WbxmlElement>;
}
interface Options extends Choices {
  readonly version: ProtocolVersion;
  readonly texts: fc.Arbitrary<string>;
}

/** Values of a schema as one protocol version can carry them: what comes back from `decode` equals them. */
export function valuesFor<T>(schema: Schema<T>, version: ProtocolVersion, choices: Choices = {}): fc.Arbitrary<T> {
  return shapeValue(schema.shape, { texts: anyText, ...choices, version }, 0) as fc.Arbitrary<T>;
}

function shapeValue(shape: Shape, options: Options, depth: number): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'text':
      return shape.max === undefined
        ? options.texts
        : options.texts.map((text) => text.slice(0, shape.max).toWellFormed());
    case 'int': {
      const number =
        options.numbers ?? fc.integer({ min: Math.max(shape.min, -(2 ** 31)), max: Math.min(shape.max, 2 ** 31 - 1) });
      return shape.empty ? fc.oneof(number, fc.constant(null)) : number;
    }
    case 'decimal':
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
    case 'bool':
      return fc.boolean();
    case 'flag':
      return fc.constant(true);
    case 'date':
      return shape.compact
        ? fc.integer({ min: firstCompact, max: lastCompact }).map((seconds) => seconds * 1000)
        : fc.integer({ min: firstCompact * 1000, max: lastCompact * 1000 });
    case 'opaque':
    case 'base64':
      return fc.uint8Array({ maxLength: 40 });
    case 'open':
      return options.elements ?? openElement;
    case 'lazy':
      return shapeValue(shape.resolve(), options, depth + 1);
    case 'container':
      return fc.record(members(shape.namespace, shape.fields, options, depth)).map(withoutAbsent);
    case 'ordered':
      return fc
        .array(choice(shape.namespace, shape.fields, options, depth), { maxLength: 4 })
        .map((list) => list.filter((one) => one !== undefined));
  }
}

type Namespace = Schema<unknown>['namespace'];
type Members = Record<string, fc.Arbitrary<unknown>>;

function members(namespace: Namespace, fields: Fields, options: Options, depth: number): Members {
  const result: Members = {};
  for (const [name, field] of current(namespace, fields, options.version)) {
    const deep = field.shape.kind === 'lazy' && depth > 2;
    const value = deep ? fc.constant(undefined) : fieldValue(field, options, depth);
    result[name] = field.optional ? fc.option(value, { nil: undefined, freq: 2 }) : value;
  }
  return result;
}

function choice(namespace: Namespace, fields: Fields, options: Options, depth: number): fc.Arbitrary<unknown> {
  const kinds = current(namespace, fields, options.version).map(([tag, field]) =>
    fieldValue(field, options, depth).map((value) => ({ tag, value })),
  );
  return kinds.length === 0 ? fc.constant(undefined) : fc.oneof(...kinds);
}

function fieldValue(field: Field<unknown>, options: Options, depth: number): fc.Arbitrary<unknown> {
  const one = shapeValue(field.shape, options, depth);
  if (field.many === undefined) return one;
  const { min, max } = field.many;
  // An empty optional array is written as nothing and read as absent.
  const minLength = Math.max(min, field.optional ? 1 : 0);
  return fc.array(one, { minLength, maxLength: Math.min(max, minLength + 2) });
}

/** The fields that the version has, by the same rule as the compiler's, written a second time on purpose. */
function current(namespace: Namespace, fields: Fields, version: ProtocolVersion): [string, Field<unknown>][] {
  return Object.entries(fields).filter(([name, field]) => {
    const tag = tagNamed(field.namespace ?? namespace, field.tag ?? name);
    const from = field.since ?? tag.since;
    const to = field.until ?? tag.until;
    return from <= version && version <= to;
  });
}

function withoutAbsent(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

const leaf = fc
  .tuple(fc.constantFrom('Subject', 'To', 'Cc'), fc.oneof(anyText, fc.uint8Array({ maxLength: 9 })))
  .map(([tag, content]) => WbxmlElement.of('Email', tag, content));

const openElement: fc.Arbitrary<WbxmlElement> = fc
  .array(
    fc.oneof(
      leaf,
      fc.array(leaf, { maxLength: 3 }).map((children) => WbxmlElement.of('Tasks', 'Recurrence', children)),
    ),
    { maxLength: 4 },
  )
  .map((children) => WbxmlElement.of('AirSync', 'ApplicationData', children));

/** A value with every tree in it replaced by XML, so that two values can be compared. */
export function comparable(value: unknown): unknown {
  if (value instanceof WbxmlElement) return value.children.map((child) => elementXml(child, ''));
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, comparable(member)]));
}
