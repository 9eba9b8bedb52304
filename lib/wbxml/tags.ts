import { CODE_PAGES, type Namespace } from './pages.ts';

export interface TagInfo {
  readonly namespace: Namespace;
  readonly tag: string;
  readonly page: number;
  readonly token: number;
  /** First and last protocol version that has the tag, as `ProtocolVersion` numbers. */
  readonly since: number;
  readonly until: number;
}

const BY_CODE = new Map<number, TagInfo>();
const BY_NAME = new Map<string, TagInfo>();
const NAMESPACES: string[] = [];

for (const { page, namespace, tags } of CODE_PAGES) {
  NAMESPACES[page] = namespace;
  for (const [token, tag, since = 0, until = Number.MAX_SAFE_INTEGER] of tags) {
    const info: TagInfo = { namespace, tag, page, token, since, until };
    BY_CODE.set((page << 6) | token, info);
    BY_NAME.set(`${namespace}:${tag}`, info);
  }
}

/** Throws TypeError for a tag that no code page holds: a mistake in a schema, found when its module loads. */
export function tagNamed(namespace: Namespace, tag: string): TagInfo {
  const info = BY_NAME.get(`${namespace}:${tag}`);
  if (info === undefined) throw new TypeError(`No tag ${tag} in code page ${namespace}`);
  return info;
}

export function tagCoded(page: number, token: number): TagInfo | undefined {
  return BY_CODE.get((page << 6) | token);
}

/** `SyncKey`, or `#2B` for a token that the page does not define. */
export function tagName(page: number, token: number): string {
  return tagCoded(page, token)?.tag ?? `#${token.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** `AirSync`, or `#30` for a page beyond the 26 that are defined. */
export function namespaceName(page: number): string {
  return NAMESPACES[page] ?? `#${page}`;
}
