import {
  container,
  document,
  flag,
  type Infer,
  int,
  named,
  optional,
  repeated,
  since,
  text,
  until,
  within,
} from '../wbxml/schema.ts';
import { DeviceInformationRequest, DeviceInformationResponse } from './device-information.ts';
import { EASProvisionDoc } from './policy.ts';

const wipeAcknowledged = optional(container('Provision', { Status: optional(int()) }));

/**
 * MS-ASPROV 2.2.2. Empty while a wipe is pending; iOS writes a Status of its own before the RemoteWipe. What is required
 * is left to the command, which answers status 2 where it is missing (MS-ASCMD R4989).
 */
export const ProvisionRequest = document('Provision', 'Provision', {
  DeviceInformation: within('Settings', optional(DeviceInformationRequest)),
  Policies: optional(
    container('Provision', {
      Policy: repeated(
        container('Provision', { PolicyType: optional(text()), PolicyKey: optional(text()), Status: optional(int()) }),
      ),
    }),
  ),
  Status: optional(int()),
  RemoteWipe: wipeAcknowledged,
  AccountOnlyRemoteWipe: wipeAcknowledged,
});
export type ProvisionRequest = Infer<typeof ProvisionRequest>;

export const ProvisionResponse = document('Provision', 'Provision', {
  DeviceInformation: within('Settings', optional(DeviceInformationResponse)),
  Status: int(),
  Policies: optional(
    container('Provision', {
      Policy: repeated(
        container('Provision', {
          PolicyType: text(),
          Status: int(),
          PolicyKey: optional(text()),
          /** A provisioning document of Windows Mobile, as text (MS-ASPROV 2.2.2.24.2). */
          LegacyData: until(25, named('Data', optional(text()))),
          Data: since(120, optional(container('Provision', { EASProvisionDoc }))),
        }),
        1,
        1,
      ),
    }),
  ),
  RemoteWipe: flag(),
  AccountOnlyRemoteWipe: flag(),
});
export type ProvisionResponse = Infer<typeof ProvisionResponse>;
