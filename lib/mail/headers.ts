/** Header fields of one message, by lower-case name, first occurrence first. */
export class Headers {
  readonly #fields = new Map<string, string[]>();

  constructor(fields: Iterable<{ readonly key: string; readonly value: string }>) {
    for (const { key, value } of fields) {
      const values = this.#fields.get(key);
      if (values) values.push(value);
      else this.#fields.set(key, [value]);
    }
  }

  get(name: string): string | undefined {
    return this.#fields.get(name)?.[0];
  }

  all(name: string): readonly string[] {
    return this.#fields.get(name) ?? [];
  }
}

/** `type/subtype` in lower case and the parameters of a structured field, for fields that the parser does not read. */
export function parseStructured(value: string | undefined): {
  readonly value: string;
  readonly params: Readonly<Record<string, string>>;
} {
  const [first = '', ...rest] = (value ?? '').slice(0, 4096).split(';');
  const params: Record<string, string> = {};
  for (const part of rest) {
    const equals = part.indexOf('=');
    if (equals < 0) continue;
    const name = part.slice(0, equals).trim().toLowerCase();
    params[name] ??= part
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/s, '$1');
  }
  return { value: first.trim().toLowerCase(), params };
}
