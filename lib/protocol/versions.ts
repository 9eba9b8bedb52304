/** Protocol versions as the byte of a base64 query writes them: 121 is 12.1 (MS-ASHTTP 2.2.1.1.1.1.1). */
export type ProtocolVersion = 25 | 120 | 121 | 140 | 141 | 160 | 161;

const NAMES: ReadonlyMap<ProtocolVersion, string> = new Map([
  [25, '2.5'],
  [120, '12.0'],
  [121, '12.1'],
  [140, '14.0'],
  [141, '14.1'],
  [160, '16.0'],
  [161, '16.1'],
]);

/** Oldest first, as `MS-ASProtocolVersions` lists them. */
export const SUPPORTED_VERSIONS: readonly ProtocolVersion[] = [25, 120, 121, 140, 141, 160, 161];

/** From one version to another, both included; open where an end is absent. */
export interface VersionRange {
  readonly since?: ProtocolVersion;
  readonly until?: ProtocolVersion;
}

/** The version itself where the range has it, otherwise the end of the range that is nearest. */
export function nearestVersion({ since, until }: VersionRange, version: ProtocolVersion): ProtocolVersion {
  if (since !== undefined && version < since) return since;
  return until !== undefined && version > until ? until : version;
}

export const hasVersion = (range: VersionRange, version: ProtocolVersion): boolean =>
  nearestVersion(range, version) === version;

export function versionName(version: ProtocolVersion): string {
  return NAMES.get(version)!;
}

/** `14.1` -> 141; `undefined` for anything that is not a version of the protocol. */
export function parseVersion(name: string): ProtocolVersion | undefined {
  for (const [version, known] of NAMES) if (known === name.trim()) return version;
  return undefined;
}
