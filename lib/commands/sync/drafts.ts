/** Drafts by Sync, from 16.0 on: added, changed and sent (MS-ASEMAIL 2.2.2.42 and 2.2.2.69). */
import { Email } from '../../documents/items/email.ts';
import { applyEmailChange } from '../../mail/apply.ts';
import { editsMessage } from '../../mail/draft.ts';
import { draftAnswer } from '../../mail/draft-answer.ts';
import type { EmailContent } from '../../mail/types.ts';
import { FolderType } from '../../mailbox/types.ts';
import { ulidFor } from '../../ops/ids.ts';
import { ProtocolFailure } from '../../protocol/command.ts';
import { ConditionFailed } from '../../store/ports.ts';
import { decodeElement, encodeFragment } from '../../wbxml/index.ts';
import { draftMemory } from '../compose/once.ts';
import type { SendOptions } from '../compose/options.ts';
import type { SendServices } from '../compose/send.ts';
import { prepared, submit } from '../compose/submit.ts';
import { type DraftContentServices, type DraftMessage, draftMessage, storeDraft } from './draft-content.ts';
import type { SyncItemClass } from './item-class.ts';
import { SyncStatus } from './status.ts';

export interface DraftServices extends SendServices, DraftContentServices {
  readonly blobs: DraftContentServices['blobs'];
  readonly delivery: SendServices['delivery'];
  readonly options: SendOptions;
}

type DraftCommands = Required<Pick<SyncItemClass, 'create' | 'edit' | 'send' | 'confirm'>>;

const { Success: OK, Conversion: CONVERSION } = SyncStatus;
const { AttachmentTooLarge: TOO_LARGE, InvalidRecipients: NO_RECIPIENT, PreviouslySent: PREVIOUSLY_SENT } = SyncStatus;
/** Unresolved, and none at all: for a draft both have one code (MS-ASCMD R7472). */
const OF_RECIPIENTS: ReadonlySet<number> = new Set([116, 119]);
const MAX_ATTACHMENTS = 250;
/** Drafts are items of the device from 16.0 on. */
export const FIRST_VERSION = 160;

export function draftCommands(services: DraftServices): DraftCommands {
  const { options, table } = services;

  /** The flags of the element on the content; `undefined` where it says what no client may say. */
  const withFlags = (content: EmailContent, elements: Email): EmailContent | undefined => {
    const applied = applyEmailChange(content, elements);
    if (applied.result === 'refused') return undefined;
    return applied.result === 'changed' ? applied.content : content;
  };

  return {
    async create({ context, folder, version, seed, data, now, mailbox }) {
      // Other mail is not for clients to add (MS-ASCMD R755), nor are drafts before there were any.
      if (folder.type !== FolderType.Drafts || version < FIRST_VERSION) return { status: CONVERSION };
      const elements = decodeElement(Email, data, version);
      const id = ulidFor(now, seed);
      const message = await draftMessage(services, context, elements, undefined, id.toLowerCase());
      const status = checked(message, options);
      if (status !== OK) return { status };
      const content = withFlags(await storeDraft(services, message, { mailbox, item: id }, undefined, now), elements);
      return content ? { id, class: 'Email', content } : { status: CONVERSION };
    },

    async edit({ context, folder, item, data, now }) {
      if (folder.type !== FolderType.Drafts || context.version < FIRST_VERSION) return undefined;
      const elements = decodeElement(Email, data, context.version);
      if (!editsMessage(elements)) return undefined;
      const message = await draftMessage(services, context, elements, item.content, item.id.toLowerCase());
      const status = checked(message, options);
      if (status !== OK) return { status };
      const place = { mailbox: context.mailbox.id, item: item.id };
      const content = withFlags(await storeDraft(services, message, place, item, now), elements);
      return content ? { content } : { status: CONVERSION };
    },

    async send({ context, folder, draft, data, seed, commit }) {
      if (folder.type !== FolderType.Drafts || context.version < FIRST_VERSION) return CONVERSION;
      const elements = data ? decodeElement(Email, data, context.version) : {};
      const id = draft?.id ?? ulidFor(context.clock.now(), seed);
      try {
        const { raw } = await draftMessage(services, context, elements, draft?.content, id.toLowerCase());
        // It is sent now, however long it lay here.
        const dated = { ...raw, fields: raw.fields.filter(({ name }) => name !== 'date') };
        const outgoing = prepared(context, dated, options);
        const file = (copy: Parameters<typeof commit>[0] | undefined, writes: Parameters<typeof commit>[1]) =>
          commit(copy!, writes);
        const memory = draftMemory(table, context, seed);
        await submit(services, context, { outgoing, memory, saveInSent: true, file }, options);
        return OK;
      } catch (error) {
        if (!(error instanceof ProtocolFailure)) throw error;
        if (error.status === PREVIOUSLY_SENT && error.cause instanceof ConditionFailed) throw error.cause;
        return OF_RECIPIENTS.has(error.status) ? NO_RECIPIENT : error.status;
      }
    },

    confirm(item, data, command, version) {
      if (version < FIRST_VERSION || !item.content.isDraft) return undefined;
      const { Attachments } = decodeElement(Email, data, version);
      const sent = new Set((Attachments?.Add ?? []).map(({ ClientId }) => ClientId));
      const answer = draftAnswer(item, sent, command);
      return answer && encodeFragment(Email, answer, version);
    },
  };
}

function checked({ raw, kept, fresh }: DraftMessage, { maxBytes }: SendOptions): number {
  if (raw.body.length > maxBytes) return TOO_LARGE;
  return kept.length + fresh.length > MAX_ATTACHMENTS ? CONVERSION : OK;
}
