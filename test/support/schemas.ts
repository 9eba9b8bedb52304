import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Schema } from '../../lib/wbxml/index.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../lib/documents');

/** Every document and item that lib/documents exports, found by its files, so that a new one cannot be forgotten. */
export const SCHEMAS: readonly (readonly [name: string, schema: Schema<unknown>])[] = await all();

async function all(): Promise<[string, Schema<unknown>][]> {
  const found: [string, Schema<unknown>][] = [];
  for (const file of readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const module: Record<string, unknown> = await import(path.join(FOLDER, file));
    for (const [name, value] of Object.entries(module)) if (isSchema(value)) found.push([name, value]);
  }
  return found.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A field has neither root nor namespace of its own. */
function isSchema(value: unknown): value is Schema<unknown> {
  return typeof value === 'object' && value !== null && 'shape' in value && 'namespace' in value && 'tag' in value;
}
