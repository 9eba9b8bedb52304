import { type Command, type CommandContext, type CommandResult, ProtocolFailure } from '../protocol/command.ts';
import { document, type Schema } from '../wbxml/schema.ts';
import { type AttachmentBlobs, findAttachment } from './item-operations/attachment.ts';
import { OperationFailed } from './item-operations/status.ts';

/** It has no documents: the query names the attachment, and the answer is its bytes (MS-ASCMD 2.2.1.7). */
const NO_DOCUMENT: Schema<Record<never, never>> = document('ItemOperations', 'ItemOperations', {});
/** Which HTTP says as 500 (R166, R7550). */
const SERVER_ERROR = 110;
const INVALID = 101;

/** The file of versions up to 12.1, as it is: Content-Type says what it is, nothing else is told. */
export function createGetAttachment(blobs: AttachmentBlobs): Command<Record<never, never>, Record<never, never>> {
  return {
    name: 'GetAttachment',
    code: 4,
    request: NO_DOCUMENT,
    response: NO_DOCUMENT,
    body: 'none',
    needsPolicy: true,
    // From 14.0 on there is only ItemOperations (R5124).
    versions: { until: 121 },
    run: (context) => run(blobs, context),
    failure: () => {
      throw new TypeError('GetAttachment has no document for a status');
    },
  };
}

async function run(
  blobs: AttachmentBlobs,
  { query, mailbox }: CommandContext,
): Promise<CommandResult<Record<never, never>>> {
  if (!query.attachmentName) throw new ProtocolFailure(INVALID, 'AttachmentName is missing');
  try {
    const { contentType, piece } = await findAttachment(mailbox, blobs, query.attachmentName);
    return { kind: 'file', contentType: headerSafe(contentType), piece };
  } catch (error) {
    if (!(error instanceof OperationFailed)) throw error;
    throw new ProtocolFailure(SERVER_ERROR, 'there is no such attachment', { cause: error });
  }
}

/** The type is the sender's: it must not become another header, nor a page in a browser. */
function headerSafe(contentType: string): string {
  const type = /^[\w.+-]{1,64}\/[\w.+-]{1,64}$/.exec(contentType)?.[0].toLowerCase();
  return type && !/html|xml|script|svg/.test(type) ? type : 'application/octet-stream';
}
