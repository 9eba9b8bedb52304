import type { SendMailRequest, SmartForwardRequest, SmartReplyRequest } from '../../documents/compose-mail.ts';
import type { EasQuery } from '../../http/types.ts';

export type Verb = 'send' | 'reply' | 'forward';

/** What a client asks for, whatever its version writes it as. */
export interface ComposeRequest {
  readonly verb: Verb;
  /** Empty up to 12.1, where a message has no name of its own. */
  readonly clientId: string;
  readonly accountId?: string;
  readonly templateId?: string;
  readonly saveInSent: boolean;
  /** The message is whole: nothing of the source goes with it. */
  readonly replaceMime: boolean;
  readonly mime?: Uint8Array;
  readonly source?: Source;
  readonly forwardees?: readonly { readonly Name?: string; readonly Email: string }[];
  /** Text of a forward to `forwardees`; 1 plain, 2 HTML. */
  readonly body?: { readonly type: number; readonly data: string };
}

export interface Source {
  readonly folder?: string;
  readonly item?: string;
  readonly longId?: string;
  /** One occurrence was named. */
  readonly instance: boolean;
}

/** A document of any of the three, from 14.0 on or made by `fromMessage`. */
export function composeRequest(
  verb: Verb,
  document: SendMailRequest & Partial<SmartReplyRequest> & Partial<SmartForwardRequest>,
): ComposeRequest {
  const { Source: source, Body: body, Forwardees: forwardees } = document;
  return {
    verb,
    clientId: document.ClientId,
    accountId: document.AccountId,
    templateId: document.TemplateID,
    saveInSent: document.SaveInSentItems === true,
    replaceMime: document.ReplaceMime === true,
    mime: document.Mime,
    source: source && {
      folder: source.FolderId,
      item: source.ItemId,
      longId: source.LongId,
      instance: source.InstanceId !== undefined,
    },
    forwardees: forwardees?.Forwardee,
    body: body && { type: body.Type, data: typeof body.Data === 'string' ? body.Data : '' },
  };
}

/** Up to 12.1 the body is the message, and the query says the rest (MS-ASHTTP 2.2.1.1.1.2.5). */
export function fromMessage(message: Uint8Array, query: EasQuery): SendMailRequest {
  return { ClientId: '', SaveInSentItems: query.saveInSent === true, Mime: message };
}

/** The same for a reply or forward, with its source; ReplaceMime came later, so the source is always quoted. */
export function fromDerivedMessage(message: Uint8Array, query: EasQuery): SmartReplyRequest {
  const { collectionId: FolderId, itemId: ItemId, longId: LongId } = query;
  const InstanceId = query.occurrence === undefined ? undefined : 0;
  return { ...fromMessage(message, query), ReplaceMime: false, Source: { FolderId, ItemId, LongId, InstanceId } };
}
