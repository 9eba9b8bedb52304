import { StatusFailure } from '../status-failure.ts';

/** MS-ASCMD 2.2.3.177.15; 168 is MS-ASRM 3.2.4.1. */
export const Status = {
  Success: 1,
  ProtocolError: 2,
  AccessDenied: 3,
  InvalidArguments: 5,
  ConflictingArguments: 6,
  DeniedByPolicy: 7,
  RightsManagementDisabled: 168,
} as const;

/** Ends one property with a status of its own. */
export class SettingsFailed extends StatusFailure {
  override readonly name = 'SettingsFailed';
}
