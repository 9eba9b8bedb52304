import { type ByCode, byCode, type Compiled, inside, type Step, type WriteElement, wrapped } from './compiled.ts';
import type { WbxmlElement } from './element.ts';
import { WbxmlError } from './error.ts';
import { tagName } from './tags.ts';
import type { WbxmlWriter } from './writer.ts';

type Values = Record<string, unknown>;

/** `makeSteps` is called at first use. */
export function containerOf(makeSteps: () => Step[], asGiven: boolean): Compiled {
  let steps: Step[] | undefined;
  let codes: ByCode | undefined;

  const content: WriteElement = (writer, page, token, value) => {
    steps ??= makeSteps();
    if (typeof value !== 'object' || value === null) {
      throw new WbxmlError('value', 'Not an object', tagName(page, token));
    }
    const order = asGiven ? inOrderOf(value, steps) : steps;
    try {
      for (let i = 0; i < order.length; i++) writeStep(writer, order[i]!, (value as Values)[order[i]!.name]);
    } catch (error) {
      throw inside(error, tagName(page, token));
    }
  };
  return wrapped(content, (element) => {
    steps ??= makeSteps();
    codes ??= byCode(steps);
    return readContainer(element, steps, codes);
  });
}

/** Stable: what the value does not have stays where it was, at the end, to be missed there if it is required. */
function inOrderOf(value: object, steps: readonly Step[]): readonly Step[] {
  const names = Object.keys(value);
  const place = (step: Step): number => (names.includes(step.name) ? names.indexOf(step.name) : names.length);
  return steps.toSorted((a, b) => place(a) - place(b));
}

function writeStep(writer: WbxmlWriter, step: Step, value: unknown): void {
  const { page, token, many, type } = step;
  if (value === undefined) {
    if (!step.optional) throw new WbxmlError('value', 'Required, but absent', tagName(page, token));
  } else if (many === undefined) {
    if (!step.flag || value === true) type.write(writer, page, token, value);
  } else if (Array.isArray(value)) {
    writeMany(writer, step, many, value);
  } else {
    throw new WbxmlError('value', 'Not an array', tagName(page, token));
  }
}

function writeMany(
  writer: WbxmlWriter,
  { page, token, optional, type }: Step,
  { min, max }: { readonly min: number; readonly max: number },
  values: readonly unknown[],
): void {
  if (values.length < min && !(optional && values.length === 0)) {
    throw new WbxmlError('value', `Fewer than ${min} times`, tagName(page, token));
  }
  if (values.length > max) throw new WbxmlError('value', `More than ${max} times`, tagName(page, token));
  for (let i = 0; i < values.length; i++) type.write(writer, page, token, values[i]);
}

function readContainer(element: WbxmlElement, steps: readonly Step[], codes: ByCode): Values {
  if (element.content !== undefined && element.text().trim() !== '') {
    throw new WbxmlError('xml', 'Text where only elements belong', element.path, element.offset);
  }
  const values: Values = {};
  for (const child of element.children) {
    const step = codes.get((child.page << 6) | child.token);
    if (step !== undefined) add(values, step, child);
  }
  for (const step of steps) require(values, step, element);
  return values;
}

function add(values: Values, { name, many, type }: Step, child: WbxmlElement): void {
  const value = type.read(child);
  if (many === undefined) {
    // The last of several wins.
    values[name] = value;
    return;
  }
  values[name] ??= [];
  if ((values[name] as unknown[]).push(value) > many.max) {
    throw new WbxmlError('xml', `More than ${many.max} times`, child.path, child.offset);
  }
}

function require(values: Values, { name, page, token, optional, many }: Step, element: WbxmlElement): void {
  const value = values[name];
  if (value === undefined && optional) return;
  if (many === undefined ? value === undefined : ((value as unknown[] | undefined)?.length ?? 0) < many.min) {
    const path = `${element.path}/${tagName(page, token)}`;
    throw new WbxmlError('xml', value === undefined ? 'Required, but absent' : 'Too few', path, element.offset);
  }
  if (many !== undefined) values[name] ??= [];
}
