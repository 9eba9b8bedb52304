import { container, type Infer, int, item, opaque, optional, sensitive, text, within } from '../../wbxml/schema.ts';

const field = within('GAL', optional(sensitive(text())));

/** MS-ASCMD 2.2.3: an entry of the address list, in Search and Find. */
export const galFields = {
  DisplayName: field,
  Phone: field,
  Office: field,
  Title: field,
  Company: field,
  Alias: field,
  FirstName: field,
  LastName: field,
  HomePhone: field,
  MobilePhone: field,
  EmailAddress: field,
  Picture: within('GAL', optional(container('GAL', { Status: int(), Data: optional(sensitive(opaque())) }))),
};

export const Gal = item('GAL', galFields);
export type Gal = Infer<typeof Gal>;
