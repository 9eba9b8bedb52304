import type { OofStore } from '../delivery/oof/settings.ts';
import { SettingsRequest, SettingsResponse } from '../documents/settings.ts';
import type { RecoveryPasswords } from '../identity/recovery.ts';
import type { Devices } from '../identity/types.ts';
import { type Command, type CommandContext, document } from '../protocol/command.ts';
import { storeDeviceInformation } from './device-information.ts';
import { changeOf, shownOof } from './settings/oof.ts';
import { SettingsFailed, Status } from './settings/status.ts';

export interface SettingsDeps {
  readonly devices: Pick<Devices, 'save'>;
  readonly oof: OofStore;
  readonly recovery: Pick<RecoveryPasswords, 'set'>;
}

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
    versions: { since: 120 },
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
  async DevicePassword({ recovery }, { account, device }, { Set: set }) {
    if (set?.Password === undefined) return { Status: Status.ProtocolError };
    if (set.Password.length > MOST_PASSWORD) return { Status: Status.InvalidArguments };
    const kept = await recovery.set(account, device.id, set.Password);
    // R4402: a success would promise a recovery that there is not.
    return { Status: kept ? Status.Success : Status.DeniedByPolicy };
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
  async Oof({ oof }, { account }, { Get: get, Set: set }) {
    if (get && !set) return { Status: Status.Success, Get: shownOof(await oof.get(account.id), get.BodyType) };
    if (!set || get) return { Status: Status.ProtocolError };
    try {
      await oof.set(account.id, changeOf(set, await oof.get(account.id)));
      return { Status: Status.Success };
    } catch (error) {
      if (error instanceof SettingsFailed) return { Status: error.status };
      throw error;
    }
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
