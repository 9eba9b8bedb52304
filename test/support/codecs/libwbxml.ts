import { execFileSync, spawnSync } from 'node:child_process';

/** Debian's libwbxml2-utils; `.ci/install-codecs` installs it. */
export const libwbxmlInstalled = spawnSync('wbxml2xml', ['-h']).error === undefined;

/** An element of libwbxml's XML. */
export interface Named {
  readonly namespace: string;
  readonly name: string;
  readonly text: string;
  readonly children: Named[];
}

export function readWithLibwbxml(document: Uint8Array): Named {
  return parseXml(run('wbxml2xml', ['-l', 'ACTIVESYNC', '-k', '-m', '0', '-o', '-', '-'], document).toString('utf8'));
}

/** `-n`: without a string table, which this protocol does not use. */
export function writeWithLibwbxml(root: Named): Uint8Array {
  const doctype = '<!DOCTYPE ActiveSync PUBLIC "-//MICROSOFT//DTD ActiveSync//EN" "http://www.microsoft.com/">';
  const xml = `<?xml version="1.0" encoding="UTF-8"?>${doctype}${formatXml(root, '')}`;
  return run('xml2wbxml', ['-k', '-n', '-a', '-v', '1.3', '-o', '-', '-'], Buffer.from(xml));
}

function run(command: string, args: readonly string[], input: Uint8Array): Buffer {
  return execFileSync(command, args, { input, stdio: ['pipe', 'pipe', 'ignore'], maxBuffer: 1 << 28 });
}

const TOKEN = /<(\/?)([\w.-]+)(?: xmlns="([^"]*)")?(\/?)>|<!\[CDATA\[(.*?)\]\]>|([^<]+)/gs;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Enough XML for what wbxml2xml prints: elements, default namespaces, text. */
function parseXml(xml: string): Named {
  const top: { namespace: string; name: string; text: string; children: Named[] }[] = [
    { namespace: '', name: '', text: '', children: [] },
  ];
  for (const [, close, name, xmlns, empty, cdata, text] of xml.replace(/^.*?<!DOCTYPE[^>]*>/s, '').matchAll(TOKEN)) {
    const parent = top.at(-1)!;
    if (name === undefined) parent.text += cdata ?? unescaped(text!);
    else if (close === '/') top.pop();
    else {
      const element = { namespace: xmlns ?? parent.namespace, name, text: '', children: [] };
      parent.children.push(element);
      if (empty !== '/') top.push(element);
    }
  }
  return top[0]!.children[0]!;
}

const unescaped = (text: string): string =>
  text.replace(/&(?:#x([0-9A-Fa-f]+)|#(\d+)|(\w+));/g, (_, hex: string, decimal: string, name: string) =>
    name ? ENTITIES[name]! : String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal)),
  );

function formatXml({ namespace, name, text, children }: Named, outer: string): string {
  const open = namespace === outer ? name : `${name} xmlns="${namespace}"`;
  const escaped = text.replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]!);
  const inner = escaped + children.map((child) => formatXml(child, namespace)).join('');
  return inner === '' ? `<${open}/>` : `<${open}>${inner}</${name}>`;
}
