import type { ProtocolVersion } from '../protocol/versions.ts';
import type { WbxmlElement } from './element.ts';
import { WbxmlError } from './error.ts';
import type { Namespace } from './pages.ts';
import { scalar } from './scalars.ts';
import type { Field, Fields } from './schema.ts';
import type { Shape } from './shape.ts';
import { tagName, tagNamed } from './tags.ts';
import type { WbxmlWriter } from './writer.ts';

/** A shape made ready for one protocol version. */
export interface Compiled {
  /** Writes a whole element. Throws WbxmlError `value` with the path from this element on. */
  readonly write: (writer: WbxmlWriter, page: number, token: number, value: unknown) => void;
  /** Writes what the element holds, where the tag is written by someone else. */
  readonly content?: (writer: WbxmlWriter, page: number, token: number, value: unknown) => void;
  /** Throws WbxmlError with the path in its document. */
  readonly read: (element: WbxmlElement) => unknown;
}

interface Step {
  readonly name: string;
  readonly page: number;
  readonly token: number;
  readonly optional: boolean;
  readonly flag: boolean;
  readonly many: Field<unknown>['many'];
  readonly type: Compiled;
}

const caches = new Map<ProtocolVersion, WeakMap<Shape, Compiled>>();

/** Compiles once for each shape and version. */
export function compile(shape: Shape, version: ProtocolVersion): Compiled {
  const cache = caches.get(version) ?? new WeakMap<Shape, Compiled>();
  caches.set(version, cache);
  const compiled = cache.get(shape) ?? build(shape, version);
  cache.set(shape, compiled);
  return compiled;
}

function build(shape: Shape, version: ProtocolVersion): Compiled {
  switch (shape.kind) {
    case 'container':
      return containerOf(() => steps(shape.namespace, shape.fields, version));
    case 'ordered':
      return orderedOf(() => steps(shape.namespace, shape.fields, version));
    case 'lazy': {
      // Resolved at first use: a schema that contains itself would never be ready otherwise.
      const inner = (): Compiled => compile(shape.resolve(), version);
      return { write: (w, page, token, value) => inner().write(w, page, token, value), read: (e) => inner().read(e) };
    }
    default:
      return scalar(shape);
  }
}

function steps(namespace: Namespace, fields: Fields, version: ProtocolVersion): Step[] {
  const list: Step[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const info = tagNamed(field.namespace ?? namespace, field.tag ?? name);
    if (version < (field.since ?? info.since) || version > (field.until ?? info.until)) continue;
    const { page, token } = info;
    const type = compile(field.shape, version);
    list.push({
      name,
      page,
      token,
      optional: field.optional,
      flag: field.shape.kind === 'flag',
      many: field.many,
      type,
    });
  }
  return list;
}

function byCode(list: readonly Step[]): ReadonlyMap<number, Step> {
  return new Map(list.map((step) => [(step.page << 6) | step.token, step]));
}

function containerOf(makeSteps: () => Step[]): Compiled {
  let list: Step[] | undefined;
  let codes: ReadonlyMap<number, Step> | undefined;

  const content = (writer: WbxmlWriter, page: number, token: number, value: unknown): void => {
    list ??= makeSteps();
    if (typeof value !== 'object' || value === null)
      throw new WbxmlError('value', 'Not an object', tagName(page, token));
    try {
      for (let i = 0; i < list.length; i++)
        writeStep(writer, list[i]!, (value as Record<string, unknown>)[list[i]!.name]);
    } catch (error) {
      throw inside(error, tagName(page, token));
    }
  };
  const write = (writer: WbxmlWriter, page: number, token: number, value: unknown): void => {
    writer.start(page, token);
    content(writer, page, token, value);
    writer.end();
  };
  const read = (element: WbxmlElement): unknown => {
    list ??= makeSteps();
    codes ??= byCode(list);
    return readContainer(element, list, codes);
  };
  return { write, content, read };
}

function writeStep(writer: WbxmlWriter, step: Step, value: unknown): void {
  const { page, token, many, type } = step;
  if (value === undefined) {
    if (!step.optional) throw new WbxmlError('value', 'Required, but absent', tagName(page, token));
  } else if (many === undefined) {
    if (!step.flag || value === true) type.write(writer, page, token, value);
  } else {
    writeMany(writer, step, value as readonly unknown[]);
  }
}

function writeMany(writer: WbxmlWriter, step: Step, values: readonly unknown[]): void {
  const { min, max } = step.many!;
  if (values.length < min && !(step.optional && values.length === 0)) {
    throw new WbxmlError('value', `Needed at least ${min} times`, tagName(step.page, step.token));
  }
  if (values.length > max) throw new WbxmlError('value', `Allowed ${max} times`, tagName(step.page, step.token));
  for (let i = 0; i < values.length; i++) step.type.write(writer, step.page, step.token, values[i]);
}

function readContainer(element: WbxmlElement, list: readonly Step[], codes: ReadonlyMap<number, Step>): unknown {
  if (element.content !== undefined && element.text().trim() !== '') {
    throw new WbxmlError('xml', 'Text where only elements belong', element.path, element.offset);
  }
  const value: Record<string, unknown> = {};
  for (const step of list) if (step.many !== undefined && !step.optional) value[step.name] = [];
  for (const child of element.children) {
    const step = codes.get((child.page << 6) | child.token);
    if (step === undefined) continue;
    const read = step.type.read(child);
    if (step.many === undefined) {
      // The last of several wins, as in the servers that clients were tested with.
      value[step.name] = read;
      continue;
    }
    value[step.name] ??= [];
    const array = value[step.name] as unknown[];
    if (array.push(read) > step.many.max) {
      throw new WbxmlError('xml', `Allowed ${step.many.max} times`, child.path, child.offset);
    }
  }
  for (const step of list) missing(element, step, value[step.name]);
  return value;
}

function missing(element: WbxmlElement, step: Step, value: unknown): void {
  const count = Array.isArray(value) && step.many !== undefined ? value.length : undefined;
  const absent = value === undefined ? !step.optional : count !== undefined && count < step.many!.min;
  if (absent) {
    const path = `${element.path}/${tagName(step.page, step.token)}`;
    throw new WbxmlError('xml', count === undefined ? 'Required, but absent' : 'Too few', path, element.offset);
  }
}

function orderedOf(makeSteps: () => Step[]): Compiled {
  let codes: ReadonlyMap<number, Step> | undefined;
  let names: ReadonlyMap<string, Step> | undefined;

  const content = (writer: WbxmlWriter, page: number, token: number, value: unknown): void => {
    names ??= new Map(makeSteps().map((step) => [step.name, step]));
    const list = value as readonly { tag: string; value: unknown }[];
    let i = 0;
    try {
      for (; i < list.length; i++) {
        const step = names.get(list[i]!.tag);
        // A kind that this version does not have: SoftDelete of a later one, for example.
        if (step !== undefined) step.type.write(writer, step.page, step.token, list[i]!.value);
      }
    } catch (error) {
      throw inside(error, tagName(page, token));
    }
  };
  return {
    content,
    write: (writer, page, token, value) => {
      writer.start(page, token);
      content(writer, page, token, value);
      writer.end();
    },
    read: (element) => {
      codes ??= byCode(makeSteps());
      const list: { tag: string; value: unknown }[] = [];
      for (const child of element.children) {
        const step = codes.get((child.page << 6) | child.token);
        if (step !== undefined) list.push({ tag: step.name, value: step.type.read(child) });
      }
      return list;
    },
  };
}

function inside(error: unknown, tag: string): unknown {
  if (!(error instanceof WbxmlError)) return error;
  return new WbxmlError(error.reason, error.problem, `${tag}/${error.path}`, error.offset);
}
