import type { AnyCommand, ExtraHeaders } from './command.ts';
import { commandCode } from './command-codes.ts';
import { hasVersion, type ProtocolVersion, SUPPORTED_VERSIONS, versionName } from './versions.ts';

/** The commands and versions that this server really speaks; what it advertises is read from here. */
export interface Registry {
  /** A command that at least one of the versions has. */
  find(name: string): AnyCommand | undefined;
  speaks(version: ProtocolVersion): boolean;
  /** `MS-ASProtocolVersions` and `MS-ASProtocolCommands` (MS-ASHTTP 2.2.4.1.2). */
  readonly advertisement: ExtraHeaders;
  /** The same with `X-MS-RP`: for a FolderSync with key 0 (MS-ASHTTP R1104). */
  readonly reinitialize: ExtraHeaders;
  /** The newest version, for the header `MS-Server-ActiveSync`. */
  readonly newest: ProtocolVersion;
}

/**
 * @param versions a part of `SUPPORTED_VERSIONS`, for a server that must not offer the newer ones
 * @throws TypeError for two commands of one name, a code that is not the command's, an empty or unknown version
 */
export function createRegistry(
  commands: readonly AnyCommand[],
  versions: readonly ProtocolVersion[] = SUPPORTED_VERSIONS,
): Registry {
  const spoken = SUPPORTED_VERSIONS.filter((version) => versions.includes(version));
  const newest = spoken.at(-1);
  if (newest === undefined || spoken.length !== new Set(versions).size) {
    throw new TypeError('versions must be some of the supported ones');
  }
  const byName = commandsByName(commands);
  // What none of the versions has would be advertised and never answered.
  for (const [name, { versions: range = {} }] of byName) {
    if (!spoken.some((version) => hasVersion(range, version))) byName.delete(name);
  }
  const names = [...byName.values()].sort((a, b) => a.code - b.code).map((command) => command.name);
  const advertisement = {
    'MS-ASProtocolVersions': spoken.map(versionName).join(','),
    'MS-ASProtocolCommands': names.join(','),
  };
  return {
    find: (name) => byName.get(name),
    speaks: (version) => spoken.includes(version),
    advertisement,
    reinitialize: { ...advertisement, 'X-MS-RP': advertisement['MS-ASProtocolVersions'] },
    newest,
  };
}

function commandsByName(commands: readonly AnyCommand[]): Map<string, AnyCommand> {
  const byName = new Map<string, AnyCommand>();
  for (const command of commands) {
    if (byName.has(command.name)) throw new TypeError(`command ${command.name} is registered twice`);
    if (commandCode(command.name) !== command.code) throw new TypeError(`command ${command.name} has a foreign code`);
    byName.set(command.name, command);
  }
  return byName;
}
