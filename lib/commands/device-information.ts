import type { DeviceInformationRequest } from '../documents/device-information.ts';
import type { DeviceInformation, Devices } from '../identity/types.ts';
import type { CommandContext } from '../protocol/command.ts';
import type { Infer } from '../wbxml/index.ts';

/** What a device tells of itself, in Provision and in Settings alike. */
export type DeviceInformationSet = NonNullable<Infer<typeof DeviceInformationRequest>['Set']>;

/** Length of a value (MS-ASCMD 6.39, DeviceInformationStringType). */
const MOST = 1024;

const NAMES = {
  Model: 'model',
  IMEI: 'imei',
  FriendlyName: 'friendlyName',
  OS: 'os',
  OSLanguage: 'osLanguage',
  PhoneNumber: 'phoneNumber',
  UserAgent: 'userAgent',
  MobileOperator: 'mobileOperator',
} as const satisfies Record<string, keyof DeviceInformation>;

/** Keeps what is told beside what was told before; an empty value takes one back. */
export async function storeDeviceInformation(
  devices: Pick<Devices, 'save'>,
  { account, device }: Pick<CommandContext, 'account' | 'device'>,
  set: DeviceInformationSet,
): Promise<void> {
  const told: Record<string, string | boolean | undefined> = {};
  for (const [tag, name] of Object.entries(NAMES)) {
    const value = set[tag as keyof typeof NAMES];
    if (value !== undefined) told[name] = value === '' ? undefined : value.slice(0, MOST);
  }
  if (set.EnableOutboundSMS !== undefined) told.enableOutboundSms = set.EnableOutboundSMS === 1;
  await devices.save(account.id, device.id, { information: { ...device.information, ...told } });
}
