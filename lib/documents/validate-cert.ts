import { bool, container, document, type Infer, int, optional, repeated, sensitive, text } from '../wbxml/schema.ts';

const certificates = container('ValidateCert', { Certificate: repeated(sensitive(text())) });

/** MS-ASCMD 2.2.1.22. Certificates stay base64 text: what cannot be decoded has a status of its own. */
export const ValidateCertRequest = document('ValidateCert', 'ValidateCert', {
  CertificateChain: optional(certificates),
  Certificates: certificates,
  CheckCRL: optional(bool()),
});
export type ValidateCertRequest = Infer<typeof ValidateCertRequest>;

export const ValidateCertResponse = document('ValidateCert', 'ValidateCert', {
  Status: int(),
  Certificate: optional(repeated(container('ValidateCert', { Status: optional(int()) }))),
});
export type ValidateCertResponse = Infer<typeof ValidateCertResponse>;
