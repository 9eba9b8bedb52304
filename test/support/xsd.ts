import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { validateXML, type XMLFileInfo } from 'xmllint-wasm';
import { parseDocument } from '../../lib/wbxml/element.ts';
import { elementXml } from '../../lib/wbxml/xml.ts';

/** Microsoft's schemas are no part of this project: `PROTOCOL_DIR`, or `shared/protocol` beside the checkout. */
export const xsdFolder = path.join(
  process.env.PROTOCOL_DIR ?? path.resolve(import.meta.dirname, '../../../shared/protocol'),
  'xsd',
);

/** Whether validation happens at all. */
export const xsdAvailable = existsSync(xsdFolder);

export interface Validation {
  /** True where the schemas are not on this machine; `errors` is empty then. */
  readonly skipped: boolean;
  readonly errors: readonly string[];
}

/** Validates the body of one answer. A batch costs hardly more than one: see `validateResponses`. */
export function validateResponse(command: string, body: Uint8Array): Promise<Validation> {
  return validateResponses([{ command, body }]);
}

/** Validates many answers in one run of the validator. Throws WbxmlError where a body is no WBXML. */
export async function validateResponses(
  answers: readonly { readonly command: string; readonly body: Uint8Array }[],
): Promise<Validation> {
  if (!xsdAvailable) return { skipped: true, errors: [] };
  const errors: string[] = [];
  const used = new Set<string>();
  const documents = new Map<string, XMLFileInfo>();
  for (const { command, body } of answers) {
    const root = parseDocument(body);
    const expected = command === 'GetHierarchy' ? 'Folders' : command;
    if (root.tag !== expected) errors.push(`${command}: the root is ${root.namespace}:${root.tag}`);
    const xml = elementXml(root, '');
    used.add(root.namespace);
    const fileName = `${command}-${documents.size + 1}.xml`;
    if (!documents.has(xml)) documents.set(xml, { fileName, contents: xml });
  }
  if (documents.size === 0) return { skipped: false, errors };
  const schemas = loadSchemas();
  const result = await validateXML({
    xml: [...documents.values()],
    schema: [entry([...used].filter((namespace) => schemas.has(namespace)))],
    preload: [...schemas].map(([namespace, contents]) => ({ fileName: `${namespace}.xsd`, contents })),
    maxMemoryPages: 16_384,
  });
  // The rest are warnings that the namespaces are no absolute URIs, and the lines they quote.
  errors.push(...result.errors.map((error) => error.rawMessage).filter((line) => / error : /.test(line)));
  if (!result.valid && errors.length === 0) errors.push(result.rawOutput.slice(0, 2000));
  return { skipped: false, errors };
}

const entry = (namespaces: readonly string[]): XMLFileInfo => ({
  fileName: 'entry.xsd',
  contents: `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">${imports(namespaces)}</xs:schema>`,
});

const imports = (namespaces: readonly string[]): string =>
  namespaces.map((name) => `<xs:import namespace="${name}" schemaLocation="${name}.xsd"/>`).join('');

interface Part {
  readonly prefixes: Map<string, string>;
  readonly bodies: string[];
}
let loaded: ReadonlyMap<string, string> | undefined;

/**
 * One schema for each namespace. The files rely on a validator that is given all of them at once: several share a
 * namespace, and none imports what it refers to. libxml2 wants one file for each namespace, and imports.
 */
function loadSchemas(): ReadonlyMap<string, string> {
  if (loaded !== undefined) return loaded;
  const parts = new Map<string, Part>();
  for (const file of readdirSync(xsdFolder)) {
    if (!file.endsWith('.xsd') || file.startsWith('Autodiscover')) continue;
    const text = readFileSync(path.join(xsdFolder, file), 'utf8');
    const headEnd = text.indexOf('>', text.indexOf('<xs:schema')) + 1;
    const head = text.slice(0, headEnd);
    const namespace = /targetNamespace\s*=\s*"([^"]+)"/.exec(head)![1]!;
    const part: Part = parts.get(namespace) ?? { prefixes: new Map(), bodies: [] };
    for (const [, prefix, uri] of head.matchAll(/(xmlns(?::\w+)?)\s*=\s*"([^"]+)"/g)) part.prefixes.set(prefix!, uri!);
    part.bodies.push(text.slice(headEnd, text.lastIndexOf('</xs:schema>')));
    parts.set(namespace, part);
  }
  loaded = new Map([...parts].map(([namespace, part]) => [namespace, merge(namespace, part, parts)]));
  return loaded;
}

function merge(namespace: string, { prefixes, bodies }: Part, known: ReadonlyMap<string, Part>): string {
  const others = [...new Set(prefixes.values())].filter((uri) => uri !== namespace && known.has(uri));
  const declared = [...prefixes].map(([prefix, uri]) => `${prefix}="${uri}"`).join(' ');
  const head = `<xs:schema ${declared} targetNamespace="${namespace}" elementFormDefault="qualified">`;
  return `${head}${imports(others)}${bodies.join('')}</xs:schema>`;
}
