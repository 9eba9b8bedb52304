import type { WbxmlElement } from './element.ts';
import { WbxmlError } from './error.ts';
import type { WbxmlWriter } from './writer.ts';

export type WriteElement = (writer: WbxmlWriter, page: number, token: number, value: unknown) => void;

/** A shape made ready for one protocol version. */
export interface Compiled {
  /** Writes a whole element. Throws WbxmlError `value` with the path from this element on. */
  readonly write: WriteElement;
  /** Writes what the element holds, where the tag is written by someone else. */
  readonly content?: WriteElement;
  /** Throws WbxmlError with the path in its document. */
  readonly read: (element: WbxmlElement) => unknown;
}

/** A field of a container in one protocol version. */
export interface Step {
  readonly name: string;
  readonly page: number;
  readonly token: number;
  readonly optional: boolean;
  /** False is written as nothing. */
  readonly flag: boolean;
  readonly many: { readonly min: number; readonly max: number } | undefined;
  readonly type: Compiled;
}

export type ByCode = ReadonlyMap<number, Step>;

export function byCode(steps: readonly Step[]): ByCode {
  return new Map(steps.map((step) => [(step.page << 6) | step.token, step]));
}

/** A type whose element is its content between a tag and its end. */
export function wrapped(content: WriteElement, read: Compiled['read']): Compiled {
  const write: WriteElement = (writer, page, token, value) => {
    writer.start(page, token);
    content(writer, page, token, value);
    writer.end();
  };
  return { write, content, read };
}

/** The error of a child, with the path now beginning at its container. */
export function inside(error: unknown, tag: string): unknown {
  if (!(error instanceof WbxmlError)) return error;
  return new WbxmlError(error.reason, error.problem, `${tag}/${error.path}`, error.offset);
}
