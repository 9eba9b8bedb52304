import type { StoredMeeting } from './calendar/types.ts';

/** What an item row keeps of a message. Addresses are written as the protocol shows them: `"Name" <address>, ...`. */
export interface EmailContent {
  /** Epoch milliseconds; DateReceived. */
  readonly received: number;
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  readonly replyTo: string;
  /** Sender where it differs from From. */
  readonly sender?: string;
  readonly bcc?: string;
  readonly displayTo: string;
  readonly subject: string;
  /** Subject without reply and forward prefixes. */
  readonly threadTopic: string;
  /** 0 low, 1 normal, 2 high. */
  readonly importance: 0 | 1 | 2;
  /** `IPM.Note` and the other values of MS-ASEMAIL 2.2.2.50. */
  readonly messageClass: string;
  readonly messageId?: string;
  /** Message-Ids of In-Reply-To and References, oldest first, bounded. */
  readonly references?: readonly string[];
  /** 16 bytes as hex; equal for all messages of a thread. */
  readonly conversationId: string;
  /** Thread-Index bytes as hex: 22 bytes and 5 more for each reply. */
  readonly conversationIndex: string;
  readonly read: boolean;
  readonly flag?: EmailFlag;
  readonly categories?: readonly string[];
  /** 0 unknown, 1 reply to sender, 2 reply to all, 3 forward. */
  readonly lastVerb?: 1 | 2 | 3;
  readonly lastVerbAt?: number;
  readonly isDraft?: boolean;
  /** Its recipient stands in no field that others see. */
  readonly receivedAsBcc?: boolean;
  /** Of an electronic voice message. */
  readonly voice?: StoredVoice;
  /** 1 plain text, 2 HTML, 3 RTF: what the message was written in (NativeBodyType). */
  readonly nativeBody: 1 | 2 | 3;
  readonly text: StoredText;
  readonly html?: StoredText;
  /** Windows' number of the charset that its body came in; absent for UTF-8. */
  readonly codePage?: number;
  /** The message as it arrived. */
  readonly mime: { readonly blob: string; readonly size: number };
  readonly attachments: readonly StoredAttachment[];
  /** Of a message whose class begins with IPM.Schedule.Meeting. */
  readonly meeting?: StoredMeeting;
}

/** MS-ASEMAIL 2.2.2.81-2.2.2.84. */
export interface StoredVoice {
  readonly callerId?: string;
  /** Of the recordings, by the number of their attachment: seconds, and 1 for the newest. */
  readonly recordings: readonly { readonly n: number; readonly seconds?: number; readonly order: number }[];
}

/** A body: whole in the row where it is small, otherwise a prefix in the row and the whole in a blob. */
export interface StoredText {
  /** Bytes of UTF-8 of the whole. */
  readonly size: number;
  /** The whole, or its beginning cut at a character boundary. */
  readonly prefix: string;
  /** Where the whole is, when `prefix` is not all of it. */
  readonly blob?: string;
}

export interface StoredAttachment {
  /** Stable within the item; part of the FileReference. */
  readonly n: number;
  readonly name: string;
  readonly contentType: string;
  /** Decoded bytes. */
  readonly size: number;
  /** MS-ASAIRS 2.2.2.30: 1 normal, 5 embedded message, 6 OLE. */
  readonly method: 1 | 5 | 6;
  readonly contentId?: string;
  readonly contentLocation?: string;
  readonly inline: boolean;
  readonly blob: string;
  /** What the client calls it that added it to a draft. */
  readonly clientId?: string;
}

/** MS-ASEMAIL 2.2.2.34; times in epoch milliseconds. */
export interface EmailFlag {
  /** 0 cleared, 1 complete, 2 active. */
  readonly status: 0 | 1 | 2;
  readonly type?: string;
  readonly subject?: string;
  readonly startDate?: number;
  readonly utcStartDate?: number;
  readonly dueDate?: number;
  readonly utcDueDate?: number;
  readonly completeTime?: number;
  readonly dateCompleted?: number;
  readonly reminderSet?: boolean;
  readonly reminderTime?: number;
  readonly ordinalDate?: number;
  readonly subOrdinalDate?: string;
}
