import {
  bool,
  container,
  document,
  type Infer,
  int,
  optional,
  repeated,
  text,
  until,
  within,
} from '../wbxml/schema.ts';

/** A second Options stands for SMS in the same collection (MS-ASCMD 2.2.3.125.2). */
const options = container('AirSync', {
  Class: optional(text()),
  FilterType: optional(int()),
  MaxItems: optional(int()),
});

/** MS-ASCMD 2.2.1.9. Up to 12.1, class and filter stand in the collection; from 14.0 on in its Options. */
export const GetItemEstimateRequest = document('GetItemEstimate', 'GetItemEstimate', {
  Collections: container('GetItemEstimate', {
    Collection: repeated(
      container('GetItemEstimate', {
        SyncKey: within('AirSync', text()),
        Class: optional(text()),
        CollectionId: text(),
        ConversationMode: within('AirSync', optional(bool())),
        FilterType: within('AirSync', optional(int())),
        Options: within('AirSync', optional(repeated(options, 0, 2))),
      }),
    ),
  }),
});
export type GetItemEstimateRequest = Infer<typeof GetItemEstimateRequest>;

export const GetItemEstimateResponse = document('GetItemEstimate', 'GetItemEstimate', {
  /** Only where the whole request failed. */
  Status: optional(int()),
  Response: optional(
    repeated(
      container('GetItemEstimate', {
        Status: int(),
        Collection: optional(
          container('GetItemEstimate', {
            /** Later schemas of the answer do not know it. */
            Class: until(25, optional(text())),
            CollectionId: text(),
            Estimate: optional(int()),
          }),
        ),
      }),
    ),
  ),
});
export type GetItemEstimateResponse = Infer<typeof GetItemEstimateResponse>;
