import type { ProtocolVersion } from '../protocol/versions.ts';
import type { WbxmlElement } from './element.ts';
import type { Namespace } from './pages.ts';
import type { Shape } from './shape.ts';
import { tagNamed } from './tags.ts';
import type { Fragment } from './writer.ts';

/**
 * A child of a container: what it holds, how often it comes, which versions have it. Combinators make it; the TypeScript
 * type of the value is `T`, and `O` tells whether the property may be absent.
 */
export interface Field<T, O extends boolean = boolean> {
  readonly shape: Shape;
  readonly optional: O;
  readonly many?: { readonly min: number; readonly max: number };
  /** Where they differ from the container's namespace and the property's name. */
  readonly namespace?: Namespace;
  readonly tag?: string;
  readonly since?: ProtocolVersion;
  readonly until?: ProtocolVersion;
  /** Never shown by `redact`. */
  readonly sensitive?: boolean;
  readonly __type?: T;
}
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** A document, or an item inside of `ApplicationData`; `Infer` gives its TypeScript type. */
export interface Schema<T> {
  readonly namespace: Namespace;
  readonly tag: string;
  readonly shape: Shape;
  readonly __type?: T;
}
export type Infer<S> = S extends { readonly __type?: infer T } ? Exclude<T, undefined> : never;

type Value<F> = F extends Field<infer T> ? T : never;
type RequiredNames<F extends Fields> = { [K in keyof F]: F[K]['optional'] extends true ? never : K }[keyof F];
type Flatten<T> = { [K in keyof T]: T[K] } & {};
/** The object type of a container with these fields. */
export type Values<F extends Fields> = Flatten<
  { [K in RequiredNames<F>]: Value<F[K]> } & { [K in Exclude<keyof F, RequiredNames<F>>]?: Value<F[K]> }
>;
/** One element of an ordered list: its tag and what it holds. */
export type Ordered<F extends Fields> = {
  [K in keyof F & string]: { readonly tag: K; readonly value: Value<F[K]> };
}[keyof F & string];

function checked<F extends Fields>(namespace: Namespace, fields: F): F {
  for (const [name, child] of Object.entries(fields)) tagNamed(child.namespace ?? namespace, child.tag ?? name);
  return fields;
}

const field = <T>(shape: Shape): Field<T, false> => ({ shape, optional: false });

/** A document whose root is `namespace:tag`. */
export function document<F extends Fields>(namespace: Namespace, tag: string, fields: F): Schema<Values<F>> {
  tagNamed(namespace, tag);
  return { namespace, tag, shape: container(namespace, fields).shape };
}

/**
 * A document whose parts are read and written in the order of the object's own properties, where a server has to answer
 * in the order in which it was asked (MS-ASCMD R480).
 */
export function documentAsGiven<F extends Fields>(namespace: Namespace, tag: string, fields: F): Schema<Values<F>> {
  tagNamed(namespace, tag);
  return { namespace, tag, shape: { kind: 'container', namespace, fields: checked(namespace, fields), asGiven: true } };
}

/** A document that is a list of several kinds of elements, whose order across kinds is kept. */
export function orderedDocument<F extends Fields>(
  namespace: Namespace,
  tag: string,
  choices: F,
): Schema<readonly Ordered<F>[]> {
  tagNamed(namespace, tag);
  return { namespace, tag, shape: ordered(namespace, choices).shape };
}

/** What `ApplicationData` holds for a class of items. Children are in `namespace` unless `within` says otherwise. */
export function item<F extends Fields>(namespace: Namespace, fields: F): Schema<Values<F>> {
  return { namespace: 'AirSync', tag: 'ApplicationData', shape: container(namespace, fields).shape };
}

/** Child elements, written in the order of the fields and read in any. What the fields do not name is passed over. */
export function container<F extends Fields>(namespace: Namespace, fields: F): Field<Values<F>, false> {
  return field({ kind: 'container', namespace, fields: checked(namespace, fields) });
}

/** Child elements of several kinds, whose order across kinds is kept. */
export function ordered<F extends Fields>(namespace: Namespace, choices: F): Field<readonly Ordered<F>[], false> {
  return field({ kind: 'ordered', namespace, fields: checked(namespace, choices) });
}

/** Text; `max` in UTF-16 units. An empty element is the empty string. */
export const text = (max?: number): Field<string, false> => field({ kind: 'text', max });

/** A whole number in decimal digits. */
export const int = (min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): Field<number, false> =>
  field({ kind: 'int', min, max, empty: false });

/** A whole number, or `null` for an empty element: "not set" in a policy (MS-ASPROV), "remove it" in an item. */
export const intOrEmpty = (min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): Field<number | null, false> =>
  field({ kind: 'int', min, max, empty: true });

/** A decimal number: the coordinates of a Location (MS-ASAIRS 2.2.2.28). */
export const decimal = (): Field<number, false> => field({ kind: 'decimal' });

/** 0 or 1. An empty element is true: `<GetChanges/>`, `<DeletesAsMoves/>`. */
export const bool = (): Field<boolean, false> => field({ kind: 'bool' });

/** An element that says everything by being there: `<MoreAvailable/>`. False is written as nothing. */
export const flag = (): Field<boolean, true> => ({ shape: { kind: 'flag' }, optional: true });

/** Epoch milliseconds, written as `2026-01-15T12:00:00.000Z` (MS-ASDTYPE 2.3); both forms are read. */
export const dateTime = (): Field<number, false> => field({ kind: 'date', compact: false });

/** Epoch milliseconds, written as `20260115T120000Z` (MS-ASDTYPE 2.7.5); both forms are read. */
export const compactDateTime = (): Field<number, false> => field({ kind: 'date', compact: true });

/** Bytes in an opaque value; a string is read as its bytes of UTF-8. */
export const opaque = (): Field<Uint8Array, false> => field({ kind: 'opaque' });

/** Bytes, written as base64 text. */
export const base64 = (): Field<Uint8Array, false> => field({ kind: 'base64' });

/** Any element, as a tree: what a client sends as `ApplicationData`, decoded later with the schema of its class. */
export const open = (): Field<WbxmlElement, false> => field({ kind: 'open' });

/** Any element, written from a tree or from what was encoded ahead. */
export const embedded = (): Field<WbxmlElement | Fragment, false> => field({ kind: 'open' });

/** For schemas that contain themselves. */
export const lazy = <T>(resolve: () => Field<T, false>): Field<T, false> =>
  field({ kind: 'lazy', resolve: () => resolve().shape });

/** May be absent. */
export const optional = <T>(inner: Field<T>): Field<T, true> => ({ ...inner, optional: true });

/** Comes `min` to `max` times, as an array; inside of `optional` the array is absent rather than empty. */
export const repeated = <T>(inner: Field<T>, min = 0, max = Number.MAX_SAFE_INTEGER): Field<readonly T[], false> => {
  const { __type: _, ...rest } = inner;
  return { ...rest, optional: false, many: { min, max } };
};

/** In another namespace than the container. */
export const within = <T, O extends boolean>(namespace: Namespace, inner: Field<T, O>): Field<T, O> => ({
  ...inner,
  namespace,
});

/** With another tag than the property's name. */
export const named = <T, O extends boolean>(tag: string, inner: Field<T, O>): Field<T, O> => ({ ...inner, tag });

/**
 * Only in versions from `version` on. Without a gate of its own a field has the versions that its tag has in the code
 * pages. Outside of its versions a field is neither written nor read, and it is not missed.
 */
export const since = <T, O extends boolean>(version: ProtocolVersion, inner: Field<T, O>): Field<T, O> => ({
  ...inner,
  since: version,
});

/** Only in versions up to `version`; see `since`. */
export const until = <T, O extends boolean>(version: ProtocolVersion, inner: Field<T, O>): Field<T, O> => ({
  ...inner,
  until: version,
});

/** Content of people, addresses and secrets: `redact` hides it. */
export const sensitive = <T, O extends boolean>(inner: Field<T, O>): Field<T, O> => ({ ...inner, sensitive: true });
