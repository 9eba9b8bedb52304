import {
  compactDateTime,
  container,
  dateTime,
  document,
  type Infer,
  int,
  optional,
  repeated,
  text,
  within,
} from '../wbxml/schema.ts';
import { Body } from './airsyncbase.ts';

/** MS-ASCMD 2.2.1.11. */
export const MeetingResponseRequest = document('MeetingResponse', 'MeetingResponse', {
  Request: repeated(
    container('MeetingResponse', {
      /** 1 accepted, 2 tentative, 3 declined. */
      UserResponse: int(),
      CollectionId: optional(text()),
      RequestId: optional(text()),
      LongId: within('Search', optional(text())),
      /** Text: a date in another form has a status of its own (MS-ASCMD R3195). */
      InstanceId: optional(text()),
      /** Whether the server tells the organizer (16.0); empty, it does so without words. */
      SendResponse: optional(
        container('MeetingResponse', {
          Body: within('AirSyncBase', optional(Body)),
          ProposedStartTime: optional(compactDateTime()),
          ProposedEndTime: optional(compactDateTime()),
        }),
      ),
    }),
  ),
});
export type MeetingResponseRequest = Infer<typeof MeetingResponseRequest>;

export const MeetingResponseResponse = document('MeetingResponse', 'MeetingResponse', {
  Result: repeated(
    container('MeetingResponse', {
      RequestId: optional(text()),
      Status: int(),
      CalendarId: optional(text()),
      InstanceId: optional(dateTime()),
    }),
    1,
  ),
});
export type MeetingResponseResponse = Infer<typeof MeetingResponseResponse>;
