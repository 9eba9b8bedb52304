import { WbxmlElement } from './element.ts';
import type { Field, Schema } from './schema.ts';
import type { Shape } from './shape.ts';
import { Fragment } from './writer.ts';

/**
 * A copy of a value that a log may hold: fields marked sensitive, bytes and open elements are replaced by their sizes,
 * what the schema does not name is left out.
 */
export function redact<T>(schema: Schema<T>, value: T): unknown {
  return shown(schema.shape, value);
}

function shown(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'lazy':
      return shown(shape.resolve(), value);
    case 'container': {
      const result: Record<string, unknown> = {};
      for (const [name, field] of Object.entries(shape.fields)) {
        const child = (value as Record<string, unknown>)[name];
        if (child !== undefined) result[name] = shownField(field, child);
      }
      return result;
    }
    case 'ordered':
      return (value as readonly { tag: string; value: unknown }[]).map(({ tag, value: child }) => {
        const field = shape.fields[tag];
        return { tag, value: field === undefined ? hidden(child) : shownField(field, child) };
      });
    case 'opaque':
    case 'base64':
    case 'open':
      return hidden(value);
    default:
      return value;
  }
}

function shownField(field: Field<unknown>, value: unknown): unknown {
  if (field.many !== undefined) return (value as readonly unknown[]).map((one) => shownOne(field, one));
  return shownOne(field, value);
}

function shownOne(field: Field<unknown>, value: unknown): unknown {
  return field.sensitive === true ? hidden(value) : shown(field.shape, value);
}

function hidden(value: unknown): string {
  if (typeof value === 'string') return `[${value.length} characters]`;
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (value instanceof Fragment) return `[${value.size} bytes]`;
  if (value instanceof WbxmlElement) return `[${value.children.length} elements]`;
  return '[hidden]';
}
