import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import { type Schema, WbxmlElement } from '../../lib/wbxml/index.ts';
import type { Namespace } from '../../lib/wbxml/pages.ts';
import type { Field, Fields } from '../../lib/wbxml/schema.ts';
import type { Shape } from '../../lib/wbxml/shape.ts';
import { tagNamed } from '../../lib/wbxml/tags.ts';

/** How often one element comes below one parent; every other element comes once. */
export interface Occurrence {
  readonly parent: string;
  readonly tag: string;
  readonly times: number;
}

export interface SampleOptions {
  readonly version: ProtocolVersion;
  readonly occurrence?: Occurrence;
  /** What is put where any element may stand. */
  readonly open?: WbxmlElement;
}

/** The text in every text element: it must come through as it is. */
export const SAMPLE_TEXT = 'Grüße & <so>';
export const SAMPLE_DATE = Date.UTC(2026, 0, 15, 12);

/** A value of a schema that has everything which the version has, each once. */
export function sampleOf<T>(schema: Schema<T>, options: SampleOptions): T {
  return shaped(schema.shape, schema.tag, options, 0) as T;
}

function shaped(shape: Shape, tag: string, options: SampleOptions, depth: number): unknown {
  switch (shape.kind) {
    case 'text':
      return SAMPLE_TEXT;
    case 'int':
      return Math.min(Math.max(shape.min, 2), shape.max);
    case 'decimal':
      return 1.5;
    case 'bool':
    case 'flag':
      return true;
    case 'date':
      return SAMPLE_DATE;
    case 'opaque':
    case 'base64':
      return Uint8Array.of(1, 2, 3);
    case 'open':
      return options.open ?? WbxmlElement.of('AirSync', 'ApplicationData', [WbxmlElement.of('Email', 'Read', '1')]);
    case 'lazy':
      return shaped(shape.resolve(), tag, options, depth + 1);
    case 'container':
      return container(shape.namespace, shape.fields, tag, options, depth);
    case 'ordered':
      return current(shape.namespace, shape.fields, options.version).flatMap(([name, field]) =>
        Array.from({ length: timesOf(tag, field.tag ?? name, options) }, () => ({
          tag: name,
          value: shaped(field.shape, field.tag ?? name, options, depth),
        })),
      );
  }
}

function container(
  namespace: Namespace,
  fields: Fields,
  tag: string,
  options: SampleOptions,
  depth: number,
): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, field] of current(namespace, fields, options.version)) {
    // A schema that contains itself ends somewhere.
    if (field.shape.kind === 'lazy' && depth > 2) continue;
    const times = timesOf(tag, field.tag ?? name, options);
    const one = () => shaped(field.shape, field.tag ?? name, options, depth);
    if (field.many) value[name] = Array.from({ length: times }, one);
    else if (times > 1) throw new RangeError(`${tag}/${name} cannot come more than once`);
    else if (times === 1) value[name] = one();
    if (field.many && times === 0) delete value[name];
  }
  return value;
}

function timesOf(parent: string, tag: string, { occurrence }: SampleOptions): number {
  return occurrence?.parent === parent && occurrence.tag === tag ? occurrence.times : 1;
}

function current(namespace: Namespace, fields: Fields, version: ProtocolVersion): [string, Field<unknown>][] {
  return Object.entries(fields).filter(([name, field]) => {
    const info = tagNamed(field.namespace ?? namespace, field.tag ?? name);
    return (field.since ?? info.since) <= version && version <= (field.until ?? info.until);
  });
}
