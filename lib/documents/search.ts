import {
  bool,
  container,
  dateTime,
  document,
  embedded,
  type Field,
  flag,
  type Infer,
  int,
  item,
  lazy,
  opaque,
  open,
  optional,
  repeated,
  sensitive,
  text,
  within,
} from '../wbxml/schema.ts';
import { BodyPartPreference, BodyPreference } from './airsyncbase.ts';

const options = container('Search', {
  MIMESupport: within('AirSync', optional(int())),
  BodyPreference: within('AirSyncBase', optional(repeated(BodyPreference))),
  BodyPartPreference: within('AirSyncBase', optional(BodyPartPreference)),
  RightsManagementSupport: within('RightsManagement', optional(bool())),
  Range: optional(text()),
  UserName: optional(sensitive(text())),
  Password: optional(sensitive(text())),
  DeepTraversal: flag(),
  RebuildResults: flag(),
  Picture: optional(container('Search', { MaxSize: optional(int()), MaxPictures: optional(int()) })),
});

/** MS-ASCMD 2.2.1.16. */
export const SearchRequest = document('Search', 'Search', {
  Store: container('Search', {
    Name: text(),
    /** Text for the address list; elements, to be read as a `MailboxQuery`, for the mailbox. */
    Query: open(),
    Options: optional(options),
  }),
});
export type SearchRequest = Infer<typeof SearchRequest>;

export interface Query {
  readonly And?: Query;
  readonly Or?: Query;
  readonly FreeText?: string;
  readonly Class?: readonly string[];
  readonly CollectionId?: readonly string[];
  readonly ConversationId?: Uint8Array;
  readonly EqualTo?: { readonly LinkId: string; readonly Value: string };
  readonly GreaterThan?: { readonly DateReceived: boolean; readonly Value: number };
  readonly LessThan?: { readonly DateReceived: boolean; readonly Value: number };
}

const date = container('Search', { DateReceived: within('Email', { ...flag(), optional: false }), Value: dateTime() });

const query = {
  And: optional(lazy<Query>((): Field<Query, false> => container('Search', query))),
  Or: optional(lazy<Query>((): Field<Query, false> => container('Search', query))),
  FreeText: optional(sensitive(text())),
  Class: within('AirSync', optional(repeated(text()))),
  CollectionId: within('AirSync', optional(repeated(text()))),
  ConversationId: optional(opaque()),
  EqualTo: optional(
    container('Search', { LinkId: within('DocumentLibrary', sensitive(text())), Value: sensitive(text()) }),
  ),
  GreaterThan: optional(date),
  LessThan: optional(date),
};
export const MailboxQuery = item('Search', query);
export type MailboxQuery = Infer<typeof MailboxQuery>;

export const SearchResponse = document('Search', 'Search', {
  Status: optional(int()),
  Response: optional(
    container('Search', {
      Store: container('Search', {
        Status: int(),
        /** `{}` where nothing was found: clients want one, empty (MS-ASCMD 2.2.3.155.3). */
        Result: optional(
          repeated(
            container('Search', {
              Class: within('AirSync', optional(text())),
              LongId: optional(text()),
              CollectionId: within('AirSync', optional(text())),
              Properties: optional(embedded()),
            }),
          ),
        ),
        Range: optional(text()),
        Total: optional(int()),
      }),
    }),
  ),
});
export type SearchResponse = Infer<typeof SearchResponse>;
