import { SettingsRequest, SettingsResponse } from '../documents/settings.ts';
import type { Devices } from '../identity/types.ts';
import { type Command, type CommandContext, document } from '../protocol/command.ts';
import { storeDeviceInformation } from './device-information.ts';

export interface SettingsDeps {
  readonly devices: Pick<Devices, 'save'>;
}

/** MS-ASCMD 2.2.3.177.15; 168 is MS-ASRM 3.2.4.1. */
const Status = {
  Success: 1,
  ProtocolError: 2,
  AccessDenied: 3,
  InvalidArguments: 5,
  DeniedByPolicy: 7,
  RightsManagementDisabled: 168,
} as const;

/** Length of a recovery password (MS-ASCMD 6.39). */
const MOST_PASSWORD = 255;

type Answers = { -readonly [K in keyof SettingsResponse]: SettingsResponse[K] };
type Property = Exclude<keyof SettingsResponse, 'Status'>;
type Handler<K extends Property> = (
  deps: SettingsDeps,
  context: CommandContext,
  asked: NonNullable<SettingsRequest[K]>,
) => Promise<NonNullable<SettingsResponse[K]>>;

/** MS-ASCMD 2.2.1.18: several requests in one, worked on and answered in the order in which they came (R469, R480). */
export function createSettings(deps: SettingsDeps): Command<SettingsRequest, SettingsResponse> {
  return {
    name: 'Settings',
    code: 17,
    request: SettingsRequest,
    response: SettingsResponse,
    body: 'required',
    needsPolicy: true,
    async run(context, request = {}) {
      const asked = Object.keys(request).filter(isProperty);
      if (asked.length === 0) return document({ Status: Status.ProtocolError });
      const answers: Answers = { Status: Status.Success };
      for (const property of asked) await answerOne(property, deps, context, request, answers);
      return document<SettingsResponse>(answers);
    },
    failure: (status) => ({ Status: status }),
  };
}

const HANDLERS: { readonly [K in Property]: Handler<K> } = {
  async DeviceInformation({ devices }, context, { Set: set }) {
    if (!set) return { Status: Status.ProtocolError };
    if (Object.keys(set).length === 0) return { Status: Status.InvalidArguments };
    await storeDeviceInformation(devices, context, set);
    return { Status: Status.Success };
  },
  async DevicePassword(_deps, _context, { Set: set }) {
    if (set?.Password === undefined) return { Status: Status.ProtocolError };
    if (set.Password.length > MOST_PASSWORD) return { Status: Status.InvalidArguments };
    // Nobody could read it out again: a success would promise a recovery that there is not.
    return { Status: Status.DeniedByPolicy };
  },
  async UserInformation(_deps, { account, version }, { Get: get }) {
    if (!get) return { Status: Status.ProtocolError };
    const SMTPAddress = [account.address, ...account.aliases];
    // Accounts came with 14.1; before, the addresses stood by themselves (R6672).
    if (version < 141) return { Status: Status.Success, Get: { EmailAddresses: { SMTPAddress } } };
    const named = account.name === '' ? {} : { UserDisplayName: account.name };
    const EmailAddresses = { SMTPAddress, PrimarySmtpAddress: account.address };
    return { Status: Status.Success, Get: { Accounts: { Account: [{ ...named, EmailAddresses }] } } };
  },
  async Oof(_deps, _context, { Get: get, Set: set }) {
    if (get && !set) return { Status: Status.Success, Get: { OofState: 0 } };
    if (!set || get) return { Status: Status.ProtocolError };
    // R2272, R3992: one end of a time is none.
    if ((set.StartTime === undefined) !== (set.EndTime === undefined)) return { Status: Status.ProtocolError };
    // There are no automatic replies: switching them off is done, switching them on is refused.
    return { Status: set.OofState === 0 ? Status.Success : Status.AccessDenied };
  },
  async RightsManagementInformation() {
    return { Status: Status.RightsManagementDisabled, Get: { RightsManagementTemplates: {} } };
  },
};

async function answerOne<K extends Property>(
  property: K,
  deps: SettingsDeps,
  context: CommandContext,
  request: SettingsRequest,
  answers: Answers,
): Promise<void> {
  const asked = request[property];
  if (asked === undefined) return;
  const handler: Handler<K> = HANDLERS[property];
  answers[property] = (await handler(deps, context, asked)) as Answers[K];
}

const isProperty = (name: string): name is Property => Object.hasOwn(HANDLERS, name);
