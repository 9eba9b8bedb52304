import type { PolicySettings } from './policy-settings.ts';

/** The settings that a provisioning document of Windows Mobile can state (MS-ASPROV 2.2.2.24.2). */
export const WAP_SETTINGS = [
  'DevicePasswordEnabled',
  'AlphanumericDevicePasswordRequired',
  'MinDevicePasswordLength',
  'MaxInactivityTimeDeviceLock',
  'MaxDevicePasswordFailedAttempts',
] as const satisfies readonly (keyof PolicySettings)[];

/** Settings of a policy that a device which reads WAP provisioning is not told of. */
export function droppedByWap(settings: PolicySettings): readonly string[] {
  return Object.keys(settings).filter((name) => !(WAP_SETTINGS as readonly string[]).includes(name));
}

const LASSD = 'HKLM\\Comm\\Security\\Policy\\LASSD';
/** The event after which a device wants its password again: inactivity. */
const INACTIVITY = `${LASSD}\\AE\\{50C13377-C66D-400C-889E-C316FC4AB374}`;
const PASSWORD = `${LASSD}\\LAP\\lap_pw`;

/** Minutes; the device counts in them, the policy in seconds. */
const MOST_MINUTES = 9_999;
const NO_LIMIT_SECONDS = 9_999;
/** How often a wrong password asks for a code word before it is tried again: half of the tries, and no more than that. */
const MOST_TRIES_BETWEEN = 8;
const NEVER = -1;
const ALPHANUMERIC = 0;
const ANY_PASSWORD = 2;

/**
 * The policy as text for 2.5. Without a password nothing else has a meaning: policy 4131 of the device says 1, and the
 * rest stays away, which takes back what an earlier document demanded.
 */
export function wapDocument(settings: PolicySettings): string {
  const required = settings.DevicePasswordEnabled === true;
  const security = characteristic('SecurityPolicy', [['4131', required ? 0 : 1]]);
  return `<wap-provisioningdoc>${security}${required ? registry(settings) : ''}</wap-provisioningdoc>`;
}

function registry(settings: PolicySettings): string {
  const seconds = settings.MaxInactivityTimeDeviceLock;
  const locks = seconds !== undefined && seconds < NO_LIMIT_SECONDS;
  const minutes = locks ? Math.min(MOST_MINUTES, Math.ceil(seconds / 60)) : 0;
  const tries = settings.MaxDevicePasswordFailedAttempts;
  const between = tries === undefined ? NEVER : Math.min(MOST_TRIES_BETWEEN, Math.floor(tries / 2));
  // One parameter for each characteristic where a registry key has two: so devices have always been sent them.
  const keys = [
    characteristic(INACTIVITY, [
      ['AEFrequencyType', locks ? 1 : 0],
      ['AEFrequencyValue', minutes],
    ]),
    characteristic(LASSD, [['DeviceWipeThreshold', tries ?? NEVER]]),
    characteristic(LASSD, [['CodewordFrequency', between]]),
    characteristic(PASSWORD, [['MinimumPasswordLength', settings.MinDevicePasswordLength ?? 1]]),
    characteristic(PASSWORD, [
      ['PasswordComplexity', settings.AlphanumericDevicePasswordRequired ? ALPHANUMERIC : ANY_PASSWORD],
    ]),
  ];
  return `<characteristic type="Registry">${keys.join('')}</characteristic>`;
}

/** Names and values are of this file: nothing in them needs to be escaped. */
function characteristic(type: string, parameters: readonly (readonly [name: string, value: number])[]): string {
  const inside = parameters.map(([name, value]) => `<parm name="${name}" value="${value}"/>`).join('');
  return `<characteristic type="${type}">${inside}</characteristic>`;
}
