import type { CloudEnvName } from '../ops/cloud-env.ts';
import { parseVersion } from '../protocol/versions.ts';
import type { DirectPushProps } from './props.ts';

/** A variable of a process's environment; absent ones are not set, and `lib/ops/config.ts` has their defaults. */
export type Setting = readonly [CloudEnvName, string | undefined];

export interface Bounds {
  readonly least: number;
  readonly most: number;
}
export const BYTES: Bounds = { least: 1024, most: 256 * 1024 * 1024 };
export const COUNT: Bounds = { least: 0, most: Number.MAX_SAFE_INTEGER };
export const RECIPIENTS: Bounds = { least: 1, most: 10_000 };
export const RECIPIENTS_PER_HOUR: Bounds = { least: 0, most: 1_000_000 };
/** A time that must not be none. */
export const TIME: Bounds = { ...COUNT, least: 1 };

/**
 * The properties that the embedded server has as options, for the environment.
 * @throws RangeError naming the property that cannot be
 */
export function settings(props: DirectPushProps): readonly Setting[] {
  const { mail, versions, galScope } = props;
  return [
    ['versions', versions && versionList(versions)],
    ...authenticationSettings(props),
    ...limitSettings(props),
    ...throttleSettings(props),
    ['relayOwnDomains', mail !== false && mail?.relayOwnDomains ? 'true' : undefined],
    ['galScope', galScope],
  ];
}

function authenticationSettings({ authentication = {}, passwords = {} }: DirectPushProps): readonly Setting[] {
  const { url, oidc } = authentication;
  if (url !== undefined) checkUrl('authentication.url', url);
  if (oidc) {
    checkUrl('authentication.oidc.issuer', oidc.issuer);
    if (oidc.audience === '') throw new RangeError('authentication.oidc.audience is empty');
  }
  if (passwords.url !== undefined) checkUrl('passwords.url', passwords.url);
  return [
    ['authUrl', url],
    ['oidcIssuer', oidc?.issuer],
    ['oidcAudience', oidc?.audience],
    ['passwordUrl', passwords.url],
    ['passwordWarnDays', whole('passwords.warnDays', passwords.warnDays, COUNT)],
  ];
}

function limitSettings({ limits = {} }: DirectPushProps): readonly Setting[] {
  const { mailbox = {} } = limits;
  return [
    ['maxMessageBytes', whole('limits.messageBytes', limits.messageBytes, BYTES)],
    ['maxSendBytes', whole('limits.sendBytes', limits.sendBytes, BYTES)],
    ['maxRecipients', whole('limits.recipients', limits.recipients, RECIPIENTS)],
    ['recipientsPerHour', whole('limits.recipientsPerHour', limits.recipientsPerHour, RECIPIENTS_PER_HOUR)],
    ['maxDevices', whole('limits.devices', limits.devices, COUNT)],
    ['quotaBytes', whole('limits.mailbox.bytes', mailbox.bytes, COUNT)],
    ['quotaItems', whole('limits.mailbox.items', mailbox.items, COUNT)],
    ['quotaFolderItems', whole('limits.mailbox.folderItems', mailbox.folderItems, COUNT)],
    ['quotaItemBytes', whole('limits.mailbox.itemBytes', mailbox.itemBytes, COUNT)],
  ];
}

function throttleSettings({ throttle = {} }: DirectPushProps): readonly Setting[] {
  return [
    ['commandsPerMinute', whole('throttle.commandsPerMinute', throttle.commandsPerMinute, COUNT)],
    ['syncsPerMinute', whole('throttle.syncsPerMinute', throttle.syncsPerMinute, COUNT)],
    ['sameCommands', whole('throttle.sameCommands', throttle.sameCommands, COUNT)],
    ['throttleMinutes', whole('throttle.minutes', throttle.minutes, TIME)],
    ['agentChanges', whole('throttle.agentChanges', throttle.agentChanges, COUNT)],
    ['agentHours', whole('throttle.agentHours', throttle.agentHours, TIME)],
    ['agentBlockHours', whole('throttle.agentBlockHours', throttle.agentBlockHours, TIME)],
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

function whole(name: string, value: number | undefined, { least, most }: Bounds): string | undefined {
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return String(value);
  throw new RangeError(`${name}: ${value} is not between ${least} and ${most}`);
}
