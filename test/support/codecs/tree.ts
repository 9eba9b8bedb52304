import type { WbxmlElement } from '../../../lib/wbxml/index.ts';
import { tagCoded } from '../../../lib/wbxml/tags.ts';

/** An element without names: what every codec can be asked for. */
export type Tree = readonly [
  page: number,
  token: number,
  text: string | null,
  opaque: string | null,
  children: readonly Tree[],
];

export function treeOf({ page, token, content, children }: WbxmlElement): Tree {
  const text = typeof content === 'string' ? content : null;
  const opaque = content instanceof Uint8Array ? Buffer.from(content).toString('hex') : null;
  return [page, token, text, opaque, children.map(treeOf)];
}

/** Names of what is in a tree, for messages of failing tests. */
export function showTree([page, token, text, opaque, children]: Tree): string {
  const name = tagCoded(page, token)?.tag ?? `${page}-${token}`;
  return `${name}(${[text, opaque, ...children.map(showTree)].filter((part) => part !== null).join(' ')})`;
}
