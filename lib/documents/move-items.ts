import { container, document, type Infer, int, optional, repeated, text } from '../wbxml/schema.ts';

/** MS-ASCMD 2.2.1.12. More than one target is read, to be answered with status 5 (R4222). */
export const MoveItemsRequest = document('Move', 'MoveItems', {
  Move: repeated(container('Move', { SrcMsgId: text(), SrcFldId: text(), DstFldId: repeated(text()) })),
});
export type MoveItemsRequest = Infer<typeof MoveItemsRequest>;

export const MoveItemsResponse = document('Move', 'MoveItems', {
  /** Only where the whole request failed. */
  Status: optional(int()),
  Response: optional(repeated(container('Move', { SrcMsgId: text(), Status: int(), DstMsgId: optional(text()) }))),
});
export type MoveItemsResponse = Infer<typeof MoveItemsResponse>;
