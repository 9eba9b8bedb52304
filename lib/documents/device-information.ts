import { container, int, optional, sensitive, text } from '../wbxml/schema.ts';

/** MS-ASCMD 2.2.3.45, in Settings and, from 14.1 on, in the first Provision. */
export const DeviceInformationRequest = container('Settings', {
  Set: optional(
    container('Settings', {
      Model: optional(text()),
      IMEI: optional(sensitive(text())),
      FriendlyName: optional(sensitive(text())),
      OS: optional(text()),
      OSLanguage: optional(text()),
      PhoneNumber: optional(sensitive(text())),
      UserAgent: optional(text()),
      EnableOutboundSMS: optional(int()),
      MobileOperator: optional(text()),
    }),
  ),
});

export const DeviceInformationResponse = container('Settings', { Status: optional(int()) });
