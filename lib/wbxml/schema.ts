/** A document's shape; `Infer` gives its TypeScript type. */
export interface Schema<T> {
  readonly tag: string;
  readonly __type?: T;
}
export type Infer<S> = S extends Schema<infer T> ? T : never;
