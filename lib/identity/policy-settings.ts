import type { EASProvisionDoc } from '../documents/policy.ts';

type Lists = 'UnapprovedInROMApplicationList' | 'ApprovedApplicationList';

/** What an administrator sets, under the names of MS-ASPROV 2.2.2. What is absent is not demanded. */
export type PolicySettings = {
  readonly [K in keyof EASProvisionDoc]?: K extends Lists ? readonly string[] : NonNullable<EASProvisionDoc[K]>;
};

/** Which values a setting takes, and what a device is sent where it is not set: a default, or `null` for an empty tag. */
export type SettingRule =
  | { readonly kind: 'boolean'; readonly unset: boolean }
  | {
      readonly kind: 'number';
      readonly min: number;
      readonly max: number;
      /** Where not every number between the two has a meaning. */
      readonly only?: readonly number[];
      readonly unset: number | null;
    }
  | { readonly kind: 'list'; readonly child: 'ApplicationName' | 'Hash' };

const MOST = 4_294_967_295;
const allowed = { kind: 'boolean', unset: true } as const;
const demanded = { kind: 'boolean', unset: false } as const;
const number = (min: number, max: number, unset: number | null): SettingRule => ({ kind: 'number', min, max, unset });

/** All settings of MS-ASPROV 2.2.2.28 with the ranges of their sections, in the order of its schema. */
export const POLICY_SETTINGS: { readonly [K in keyof Required<EASProvisionDoc>]: SettingRule } = {
  DevicePasswordEnabled: demanded,
  AlphanumericDevicePasswordRequired: demanded,
  PasswordRecoveryEnabled: demanded,
  RequireStorageCardEncryption: demanded,
  AttachmentsEnabled: allowed,
  MinDevicePasswordLength: number(1, 16, null),
  /** Seconds; 9999 and more is for ever. */
  MaxInactivityTimeDeviceLock: number(1, MOST, null),
  MaxDevicePasswordFailedAttempts: number(4, 16, null),
  /** Bytes. */
  MaxAttachmentSize: number(0, MOST, null),
  AllowSimpleDevicePassword: allowed,
  /** Days; 0 is never. */
  DevicePasswordExpiration: number(0, MOST, null),
  DevicePasswordHistory: number(0, MOST, 0),
  AllowStorageCard: allowed,
  AllowCamera: allowed,
  RequireDeviceEncryption: demanded,
  AllowUnsignedApplications: allowed,
  AllowUnsignedInstallationPackages: allowed,
  MinDevicePasswordComplexCharacters: number(1, 4, 1),
  AllowWiFi: allowed,
  AllowTextMessaging: allowed,
  AllowPOPIMAPEmail: allowed,
  /** 0 none, 1 hands-free only, 2 all. */
  AllowBluetooth: number(0, 2, 2),
  AllowIrDA: allowed,
  RequireManualSyncWhenRoaming: demanded,
  AllowDesktopSync: allowed,
  MaxCalendarAgeFilter: { kind: 'number', min: 0, max: 7, only: [0, 4, 5, 6, 7], unset: 0 },
  AllowHTMLEmail: allowed,
  MaxEmailAgeFilter: number(0, 5, 0),
  /** Kilobytes; -1 is all. */
  MaxEmailBodyTruncationSize: number(-1, 2_147_483_647, -1),
  MaxEmailHTMLBodyTruncationSize: number(-1, 2_147_483_647, -1),
  RequireSignedSMIMEMessages: demanded,
  RequireEncryptedSMIMEMessages: demanded,
  RequireSignedSMIMEAlgorithm: number(0, 1, 0),
  RequireEncryptionSMIMEAlgorithm: number(0, 4, 0),
  AllowSMIMEEncryptionAlgorithmNegotiation: number(0, 2, 2),
  AllowSMIMESoftCerts: allowed,
  AllowBrowser: allowed,
  AllowConsumerEmail: allowed,
  AllowRemoteDesktop: allowed,
  AllowInternetSharing: allowed,
  UnapprovedInROMApplicationList: { kind: 'list', child: 'ApplicationName' },
  ApprovedApplicationList: { kind: 'list', child: 'Hash' },
};
