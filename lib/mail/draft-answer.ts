import type { Email } from '../documents/items/email.ts';
import { fileReference } from './file-reference.ts';
import { type RenderedItem, shortIndex } from './render.ts';

/**
 * What a client is told of its draft: the thread that the server found for a new one (MS-ASEMAIL R1184, R1190), and the
 * references of the attachments that it sent (MS-ASAIRS R1336). `undefined` where that is nothing.
 */
export function draftAnswer(
  { folder, id, content }: RenderedItem,
  sent: ReadonlySet<string>,
  command: 'Add' | 'Change',
): Email | undefined {
  const added = content.attachments.filter(({ clientId }) => clientId !== undefined && sent.has(clientId));
  if (command === 'Change' && added.length === 0) return undefined;
  const Attachment = added.map(({ name, n, blob, clientId, method, size }) => ({
    DisplayName: name,
    FileReference: fileReference(folder, id, n, blob),
    ClientId: clientId,
    Method: method,
    EstimatedDataSize: size,
  }));
  return {
    Attachments: Attachment.length > 0 ? { Attachment } : undefined,
    ...(command === 'Change'
      ? {}
      : {
          ConversationId: Buffer.from(content.conversationId, 'hex'),
          ConversationIndex: shortIndex(content.conversationIndex),
        }),
  };
}
