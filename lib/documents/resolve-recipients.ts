import {
  base64,
  container,
  document,
  type Infer,
  int,
  opaque,
  optional,
  repeated,
  sensitive,
  text,
} from '../wbxml/schema.ts';

/** MS-ASCMD 2.2.1.15. The times stay text: what is no date has a status of its own (5). */
export const ResolveRecipientsRequest = document('ResolveRecipients', 'ResolveRecipients', {
  To: repeated(sensitive(text())),
  Options: optional(
    container('ResolveRecipients', {
      CertificateRetrieval: optional(int()),
      MaxCertificates: optional(int()),
      MaxAmbiguousRecipients: optional(int()),
      Availability: optional(container('ResolveRecipients', { StartTime: text(), EndTime: optional(text()) })),
      Picture: optional(container('ResolveRecipients', { MaxSize: optional(int()), MaxPictures: optional(int()) })),
    }),
  ),
});
export type ResolveRecipientsRequest = Infer<typeof ResolveRecipientsRequest>;

const recipient = container('ResolveRecipients', {
  Type: int(),
  DisplayName: sensitive(text()),
  EmailAddress: sensitive(text()),
  Availability: optional(
    container('ResolveRecipients', { Status: int(), MergedFreeBusy: optional(sensitive(text())) }),
  ),
  Certificates: optional(
    container('ResolveRecipients', {
      Status: int(),
      CertificateCount: optional(int()),
      RecipientCount: optional(int()),
      Certificate: optional(repeated(base64())),
      MiniCertificate: optional(base64()),
    }),
  ),
  Picture: optional(repeated(container('ResolveRecipients', { Status: int(), Data: optional(sensitive(opaque())) }))),
});

export const ResolveRecipientsResponse = document('ResolveRecipients', 'ResolveRecipients', {
  Status: int(),
  Response: optional(
    repeated(
      container('ResolveRecipients', {
        To: sensitive(text()),
        Status: int(),
        RecipientCount: optional(int()),
        Recipient: optional(repeated(recipient)),
      }),
    ),
  ),
});
export type ResolveRecipientsResponse = Infer<typeof ResolveRecipientsResponse>;
