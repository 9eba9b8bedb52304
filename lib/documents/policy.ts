import { bool, container, type Infer, int, intOrEmpty, optional, repeated, text, until } from '../wbxml/schema.ts';

const flagged = optional(bool());
const number = optional(int());
const settable = optional(intOrEmpty());

/**
 * All settings of MS-ASPROV 2.2.2.28, in the order of its schema. `null` stands for an empty tag: the setting has no
 * value. Which version has which setting is in the code pages.
 */
export const EASProvisionDoc = container('Provision', {
  DevicePasswordEnabled: flagged,
  AlphanumericDevicePasswordRequired: flagged,
  PasswordRecoveryEnabled: flagged,
  RequireStorageCardEncryption: flagged,
  AttachmentsEnabled: flagged,
  MinDevicePasswordLength: settable,
  MaxInactivityTimeDeviceLock: settable,
  /** 16.1 has it (MS-ASPROV R25401), and the calendar filter (R25001), though the code page leaves both out. */
  MaxDevicePasswordFailedAttempts: until(161, settable),
  MaxAttachmentSize: settable,
  AllowSimpleDevicePassword: flagged,
  DevicePasswordExpiration: settable,
  DevicePasswordHistory: number,
  AllowStorageCard: flagged,
  AllowCamera: flagged,
  RequireDeviceEncryption: flagged,
  AllowUnsignedApplications: flagged,
  AllowUnsignedInstallationPackages: flagged,
  MinDevicePasswordComplexCharacters: number,
  AllowWiFi: flagged,
  AllowTextMessaging: flagged,
  AllowPOPIMAPEmail: flagged,
  AllowBluetooth: number,
  AllowIrDA: flagged,
  RequireManualSyncWhenRoaming: flagged,
  AllowDesktopSync: flagged,
  MaxCalendarAgeFilter: until(161, number),
  AllowHTMLEmail: flagged,
  MaxEmailAgeFilter: number,
  MaxEmailBodyTruncationSize: number,
  MaxEmailHTMLBodyTruncationSize: number,
  RequireSignedSMIMEMessages: flagged,
  RequireEncryptedSMIMEMessages: flagged,
  RequireSignedSMIMEAlgorithm: number,
  RequireEncryptionSMIMEAlgorithm: number,
  AllowSMIMEEncryptionAlgorithmNegotiation: number,
  AllowSMIMESoftCerts: flagged,
  AllowBrowser: flagged,
  AllowConsumerEmail: flagged,
  AllowRemoteDesktop: flagged,
  AllowInternetSharing: flagged,
  UnapprovedInROMApplicationList: optional(container('Provision', { ApplicationName: optional(repeated(text())) })),
  ApprovedApplicationList: optional(container('Provision', { Hash: optional(repeated(text())) })),
});
export type EASProvisionDoc = Infer<typeof EASProvisionDoc>;
