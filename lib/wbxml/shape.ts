import type { Namespace } from './pages.ts';
import type { Fields } from './schema.ts';

/** A schema as data: what the compiler, `redact` and the arbitraries of the tests read. */
export type Shape =
  | { readonly kind: 'text'; readonly max: number | undefined }
  | { readonly kind: 'int'; readonly min: number; readonly max: number; readonly empty: boolean }
  | { readonly kind: 'decimal' | 'bool' | 'flag' | 'opaque' | 'base64' | 'open' }
  | { readonly kind: 'date'; readonly compact: boolean }
  | {
      readonly kind: 'container' | 'ordered';
      readonly namespace: Namespace;
      readonly fields: Fields;
      /** Written in the order of the value's own properties instead of the fields'. */
      readonly asGiven?: boolean;
    }
  | { readonly kind: 'lazy'; readonly resolve: () => Shape };
