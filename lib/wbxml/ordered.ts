import { type ByCode, byCode, type Compiled, inside, type Step, type WriteElement, wrapped } from './compiled.ts';
import { WbxmlError } from './error.ts';
import { tagName } from './tags.ts';

interface Entry {
  readonly tag: string;
  readonly value: unknown;
}

/** A list of several kinds of elements; `makeSteps` is called at first use. */
export function orderedOf(makeSteps: () => Step[]): Compiled {
  let codes: ByCode | undefined;
  let names: ReadonlyMap<string, Step> | undefined;

  const content: WriteElement = (writer, page, token, value) => {
    names ??= new Map(makeSteps().map((step) => [step.name, step]));
    if (!Array.isArray(value)) throw new WbxmlError('value', 'Not an array', tagName(page, token));
    try {
      for (const entry of value as readonly Entry[]) {
        const step = names.get(entry.tag);
        // Unknown to this version is left out, as a field would be.
        if (step !== undefined) step.type.write(writer, step.page, step.token, entry.value);
      }
    } catch (error) {
      throw inside(error, tagName(page, token));
    }
  };
  return wrapped(content, (element) => {
    codes ??= byCode(makeSteps());
    const list: Entry[] = [];
    for (const child of element.children) {
      const step = codes.get((child.page << 6) | child.token);
      if (step !== undefined) list.push({ tag: step.name, value: step.type.read(child) });
    }
    return list;
  });
}
