import {
  bool,
  container,
  dateTime,
  document,
  embedded,
  flag,
  type Infer,
  int,
  item,
  optional,
  repeated,
  sensitive,
  text,
  within,
} from '../wbxml/schema.ts';
import { galFields } from './items/gal.ts';

/** MS-ASCMD 2.2.1.2, from 16.1 on. */
export const FindRequest = document('Find', 'Find', {
  SearchId: text(),
  ExecuteSearch: container('Find', {
    MailBoxSearchCriterion: optional(
      container('Find', {
        Query: container('Find', {
          Class: within('AirSync', optional(text())),
          CollectionId: within('AirSync', optional(text())),
          FreeText: optional(sensitive(text())),
        }),
        Options: optional(container('Find', { Range: optional(text()), DeepTraversal: flag() })),
      }),
    ),
    GalSearchCriterion: optional(
      container('Find', {
        Query: sensitive(text()),
        Options: optional(
          container('Find', {
            Range: optional(text()),
            Picture: optional(container('Find', { MaxSize: optional(int()), MaxPictures: optional(int()) })),
          }),
        ),
      }),
    ),
  }),
});
export type FindRequest = Infer<typeof FindRequest>;

export const FindResponse = document('Find', 'Find', {
  Status: int(),
  Response: optional(
    container('Find', {
      Store: within('ItemOperations', text()),
      Status: int(),
      Result: optional(
        repeated(
          container('Find', {
            Class: within('AirSync', optional(text())),
            ServerId: within('AirSync', optional(text())),
            CollectionId: within('AirSync', optional(text())),
            Properties: embedded(),
          }),
        ),
      ),
      Range: optional(text()),
      Total: optional(int()),
    }),
  ),
});
export type FindResponse = Infer<typeof FindResponse>;

/** `Properties` of a result. */
export const FindProperties = item('Find', {
  Subject: within('Email', optional(sensitive(text()))),
  DateReceived: within('Email', optional(dateTime())),
  DisplayTo: within('Email', optional(sensitive(text()))),
  DisplayCc: optional(sensitive(text())),
  DisplayBcc: optional(sensitive(text())),
  Importance: within('Email', optional(int())),
  Read: within('Email', optional(bool())),
  IsDraft: within('Email2', optional(bool())),
  Preview: optional(sensitive(text())),
  HasAttachments: optional(bool()),
  From: within('Email', optional(sensitive(text()))),
  ...galFields,
});
export type FindProperties = Infer<typeof FindProperties>;
