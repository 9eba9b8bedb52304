import type { CloudEnvName } from '../ops/cloud-env.ts';
import { parseVersion } from '../protocol/versions.ts';
import type { DirectPushProps } from './props.ts';

/** A variable of a process's environment; absent ones are not set, and `lib/ops/config.ts` has their defaults. */
export type Setting = readonly [CloudEnvName, string | undefined];

const BYTES = { least: 1024, most: 256 * 1024 * 1024 } as const;

/**
 * The properties that the embedded server has as options, for the environment.
 * @throws RangeError naming the property that cannot be
 */
export function settings({
  authentication = {},
  limits = {},
  mail,
  versions,
  galScope,
}: DirectPushProps): readonly Setting[] {
  const { url, oidc } = authentication;
  if (url !== undefined) checkUrl('authentication.url', url);
  if (oidc) {
    checkUrl('authentication.oidc.issuer', oidc.issuer);
    if (oidc.audience === '') throw new RangeError('authentication.oidc.audience is empty');
  }
  return [
    ['versions', versions && versionList(versions)],
    ['authUrl', url],
    ['oidcIssuer', oidc?.issuer],
    ['oidcAudience', oidc?.audience],
    ['maxMessageBytes', whole('messageBytes', limits.messageBytes, BYTES)],
    ['maxSendBytes', whole('sendBytes', limits.sendBytes, BYTES)],
    ['maxRecipients', whole('recipients', limits.recipients, { least: 1, most: 10_000 })],
    ['recipientsPerHour', whole('recipientsPerHour', limits.recipientsPerHour, { least: 0, most: 1_000_000 })],
    ['relayOwnDomains', mail !== false && mail?.relayOwnDomains ? 'true' : undefined],
    ['galScope', galScope],
  ];
}

function versionList(versions: readonly string[]): string {
  const unknown = versions.find((name) => parseVersion(name) === undefined);
  if (unknown !== undefined) throw new RangeError(`versions: ${unknown} is no version of the protocol`);
  if (versions.length === 0) throw new RangeError('versions is empty');
  return versions.join(',');
}

/** A password or a key travels there. */
function checkUrl(name: string, url: string): void {
  const good = URL.canParse(url) && new URL(url).protocol === 'https:' && new URL(url).username === '';
  if (!good) throw new RangeError(`${name} is not an https address without credentials`);
}

function whole(
  name: string,
  value: number | undefined,
  { least, most }: { readonly least: number; readonly most: number },
): string | undefined {
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && value >= least && value <= most) return String(value);
  throw new RangeError(`limits.${name}: ${value} is not between ${least} and ${most}`);
}
