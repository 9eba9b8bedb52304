import { StatusFailure } from '../status-failure.ts';

/** MS-ASCMD 2.2.3.177.8; 4, 5, 7 and 18 speak of document libraries, which this server does not have. */
export const Status = {
  Success: 1,
  Protocol: 2,
  Server: 3,
  NotFound: 6,
  Range: 8,
  Store: 9,
  Empty: 10,
  TooLarge: 11,
  Conversion: 14,
  Attachment: 15,
  Partial: 17,
  /** Common statuses. */
  InvalidCombination: 105,
  MoveAlwaysMissing: 155,
  NotMailFolder: 156,
  BodyPartType: 164,
} as const;

/** Decides the outcome of one operation; it ends the operation alone, never the command. */
export class OperationFailed extends StatusFailure {
  override readonly name = 'OperationFailed';
}
