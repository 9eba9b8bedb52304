import { bool, container, dateTime, optional, repeated, sensitive, text } from '../wbxml/schema.ts';

/** MS-ASRM 2.2.2.17. */
export const RightsManagementTemplates = container('RightsManagement', {
  RightsManagementTemplate: optional(
    repeated(
      container('RightsManagement', { TemplateID: text(), TemplateName: text(), TemplateDescription: text() }),
      0,
      20,
    ),
  ),
});

/** MS-ASRM 2.2.2.14: what the reader of a protected message may do. */
export const RightsManagementLicense = container('RightsManagement', {
  Owner: bool(),
  ContentOwner: sensitive(text()),
  ReplyAllAllowed: bool(),
  EditAllowed: bool(),
  ReplyAllowed: bool(),
  ForwardAllowed: bool(),
  ExportAllowed: bool(),
  ModifyRecipientsAllowed: bool(),
  TemplateID: text(),
  ExtractAllowed: bool(),
  TemplateDescription: text(),
  ContentExpiryDate: dateTime(),
  TemplateName: text(),
  PrintAllowed: bool(),
  ProgrammaticAccessAllowed: bool(),
});
