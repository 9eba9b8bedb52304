import type { Compiled } from './compiled.ts';
import { formatCompactDate, formatDate, parseDate } from './date.ts';
import { WbxmlElement } from './element.ts';
import { WbxmlError, type WbxmlErrorReason } from './error.ts';
import type { Shape } from './shape.ts';
import { tagName } from './tags.ts';
import { Fragment, type WbxmlWriter } from './writer.ts';

type ScalarShape = Exclude<Shape, { kind: 'container' | 'ordered' | 'lazy' }>;

const INTEGER = /^[+-]?\d{1,16}$/;
const DECIMAL = /^[+-]?(\d{1,24}(\.\d{0,24})?|\.\d{1,24})([eE][+-]?\d{1,3})?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Everything that holds no elements of the schema. */
export function scalar(shape: ScalarShape): Compiled {
  switch (shape.kind) {
    case 'text':
      return textOf(shape.max);
    case 'int':
      return intOf(shape);
    case 'decimal':
      return written((value) => finite(value) && String(value), readDecimal);
    case 'bool':
      return written((value) => typeof value === 'boolean' && (value ? '1' : '0'), readBool);
    case 'flag':
      return { write: (writer, page, token) => empty(writer, page, token), read: readFlag };
    case 'date':
      return written(
        (value) => typeof value === 'number' && (shape.compact ? formatCompactDate : formatDate)(value),
        readDate,
      );
    case 'opaque':
      return { write: writeOpaque, read: readOpaque };
    case 'base64':
      return written((value) => value instanceof Uint8Array && toBase64(value), readBase64);
    case 'open':
      return { write: writeOpen, read: (element) => element };
  }
}

/** A type whose content is text; `format` gives `false` or throws where the value has another type. */
function written(format: (value: unknown) => string | false, read: Compiled['read']): Compiled {
  return {
    read,
    write: (writer, page, token, value) => {
      let content: string | false = false;
      try {
        content = format(value);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
      if (content === false) throw new WbxmlError('value', 'Not a value of this type', tagName(page, token));
      writer.start(page, token);
      writer.text(content);
      writer.end();
    },
  };
}

function textOf(max = Number.MAX_SAFE_INTEGER): Compiled {
  return {
    write: (writer, page, token, value) => {
      if (typeof value !== 'string') throw new WbxmlError('value', 'Not a string', tagName(page, token));
      if (value.length > max) throw new WbxmlError('value', `Longer than ${max}`, tagName(page, token));
      writer.start(page, token);
      writer.text(value);
      writer.end();
    },
    read: (element) => {
      const content = leaf(element);
      if (content.length > max) throw failure(element, 'xml', `Longer than ${max}`);
      return content;
    },
  };
}

function intOf({ min, max, empty: nullable }: { min: number; max: number; empty: boolean }): Compiled {
  const fits = (value: unknown): value is number =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
  return written(
    (value) => (nullable && value === null ? '' : fits(value) && String(value)),
    (element) => {
      if (nullable && leaf(element).trim() === '') return null;
      const value = numberIn(element, INTEGER);
      if (!fits(value)) throw failure(element, 'xml', `Not from ${min} to ${max}`);
      return value;
    },
  );
}

function readBool(element: WbxmlElement): boolean {
  const content = leaf(element).trim().toLowerCase();
  if (content === '' || content === '1' || content === 'true') return true;
  if (content === '0' || content === 'false') return false;
  throw failure(element, 'xml', 'Not a boolean');
}

/** Some clients write a value into tags that are empty by definition; only their 0 means no. */
function readFlag(element: WbxmlElement): boolean {
  return leaf(element).trim() !== '0';
}

function readDate(element: WbxmlElement): number {
  const time = parseDate(leaf(element).trim());
  if (time === undefined) throw failure(element, 'dateTime', 'Not a date');
  return time;
}

function writeOpaque(writer: WbxmlWriter, page: number, token: number, value: unknown): void {
  if (!(value instanceof Uint8Array)) throw new WbxmlError('value', 'Not bytes', tagName(page, token));
  writer.start(page, token);
  writer.opaque(value);
  writer.end();
}

function readOpaque(element: WbxmlElement): Uint8Array {
  if (element.content instanceof Uint8Array) return element.content;
  return new TextEncoder().encode(leaf(element));
}

function readBase64(element: WbxmlElement): Uint8Array {
  // Line breaks inside of base64 are common in mail software.
  const content = leaf(element).replace(/[\r\n\t ]+/g, '');
  if (!BASE64.test(content)) throw failure(element, 'xml', 'Not base64');
  return new Uint8Array(Buffer.from(content, 'base64'));
}

function writeOpen(writer: WbxmlWriter, page: number, token: number, value: unknown): void {
  writer.start(page, token);
  if (value instanceof Fragment) writer.fragment(value);
  else if (value instanceof WbxmlElement) writeContent(writer, value);
  else throw new WbxmlError('value', 'Neither an element nor a fragment', tagName(page, token));
  writer.end();
}

function writeContent(writer: WbxmlWriter, element: WbxmlElement): void {
  if (typeof element.content === 'string') writer.text(element.content);
  else if (element.content !== undefined) writer.opaque(element.content);
  for (const child of element.children) {
    writer.start(child.page, child.token);
    writeContent(writer, child);
    writer.end();
  }
}

function empty(writer: WbxmlWriter, page: number, token: number): void {
  writer.start(page, token);
  writer.end();
}

/** The text of an element that holds no other elements. */
function leaf(element: WbxmlElement): string {
  if (element.children.length > 0) throw failure(element, 'xml', 'Elements where only text belongs');
  return element.text();
}

function readDecimal(element: WbxmlElement): number {
  const value = numberIn(element, DECIMAL);
  if (!finite(value)) throw failure(element, 'xml', 'Not a number');
  return value;
}

/** `form` bounds the length: digits without end would cost time. "-0" is 0. */
function numberIn(element: WbxmlElement, form: RegExp): number {
  const content = leaf(element).trim();
  if (!form.test(content)) throw failure(element, 'xml', 'Not a number');
  return Number(content) + 0;
}

const finite = (value: unknown): value is number => Number.isFinite(value);

const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

function failure(element: WbxmlElement, reason: WbxmlErrorReason, problem: string): WbxmlError {
  return new WbxmlError(reason, problem, element.path, element.offset);
}
