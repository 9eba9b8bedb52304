import type { ProtocolVersion } from '../protocol/versions.ts';
import type { Compiled, Step } from './compiled.ts';
import { containerOf } from './container.ts';
import { orderedOf } from './ordered.ts';
import type { Namespace } from './pages.ts';
import { scalar } from './scalars.ts';
import type { Fields } from './schema.ts';
import type { Shape } from './shape.ts';
import { tagNamed } from './tags.ts';

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
      return containerOf(() => steps(shape.namespace, shape.fields, version), shape.asGiven === true);
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

/** The fields that this version has. */
function steps(namespace: Namespace, fields: Fields, version: ProtocolVersion): Step[] {
  const list: Step[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const info = tagNamed(field.namespace ?? namespace, field.tag ?? name);
    if (version < (field.since ?? info.since) || version > (field.until ?? info.until)) continue;
    const { page, token } = info;
    const { optional, many, shape } = field;
    const flag = shape.kind === 'flag';
    list.push({ name, page, token, optional, flag, many, type: compile(shape, version) });
  }
  return list;
}
