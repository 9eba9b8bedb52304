import {
  bool,
  container,
  dateTime,
  documentAsGiven,
  flag,
  type Infer,
  int,
  optional,
  repeated,
  sensitive,
  text,
  within,
} from '../wbxml/schema.ts';
import { DeviceInformationRequest, DeviceInformationResponse } from './device-information.ts';
import { RightsManagementTemplates } from './rights-management.ts';

/** MS-ASCMD 2.2.3.123: one answer for each of three audiences. */
const oofMessage = container('Settings', {
  AppliesToInternal: flag(),
  AppliesToExternalKnown: flag(),
  AppliesToExternalUnknown: flag(),
  Enabled: optional(bool()),
  ReplyMessage: optional(sensitive(text())),
  BodyType: optional(text()),
});

const oof = {
  OofState: optional(int()),
  StartTime: optional(dateTime()),
  EndTime: optional(dateTime()),
  OofMessage: optional(repeated(oofMessage, 0, 3)),
};

/** MS-ASCMD 2.2.1.18. Each property is a request of its own, and has a status of its own. */
export const SettingsRequest = documentAsGiven('Settings', 'Settings', {
  Oof: optional(
    container('Settings', {
      Get: optional(container('Settings', { BodyType: optional(text()) })),
      Set: optional(container('Settings', oof)),
    }),
  ),
  DevicePassword: optional(
    container('Settings', { Set: optional(container('Settings', { Password: optional(sensitive(text())) })) }),
  ),
  DeviceInformation: optional(DeviceInformationRequest),
  UserInformation: optional(container('Settings', { Get: flag() })),
  RightsManagementInformation: optional(container('Settings', { Get: flag() })),
});
export type SettingsRequest = Infer<typeof SettingsRequest>;

const emailAddresses = container('Settings', {
  SMTPAddress: optional(repeated(sensitive(text()))),
  PrimarySmtpAddress: optional(sensitive(text())),
});

const account = container('Settings', {
  AccountId: optional(text()),
  AccountName: optional(sensitive(text())),
  UserDisplayName: optional(sensitive(text())),
  SendDisabled: optional(bool()),
  EmailAddresses: optional(emailAddresses),
});

const onlyStatus = optional(container('Settings', { Status: optional(int()) }));

/** Answers come in the order of the requests (R480): `Status` first, then the properties as they are in the request. */
export const SettingsResponse = documentAsGiven('Settings', 'Settings', {
  Status: optional(int()),
  Oof: optional(container('Settings', { Status: optional(int()), Get: optional(container('Settings', oof)) })),
  DeviceInformation: optional(DeviceInformationResponse),
  DevicePassword: onlyStatus,
  UserInformation: optional(
    container('Settings', {
      Status: optional(int()),
      /** Addresses stand directly in Get up to 14.0, in an account from 14.1 on; which, is the command's business. */
      Get: optional(
        container('Settings', {
          EmailAddresses: optional(emailAddresses),
          Accounts: optional(container('Settings', { Account: repeated(account, 1) })),
        }),
      ),
    }),
  ),
  RightsManagementInformation: optional(
    container('Settings', {
      Status: optional(int()),
      Get: container('Settings', {
        RightsManagementTemplates: within('RightsManagement', RightsManagementTemplates),
      }),
    }),
  ),
});
export type SettingsResponse = Infer<typeof SettingsResponse>;
