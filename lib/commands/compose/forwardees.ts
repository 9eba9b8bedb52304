import { parseAddress } from '../../identity/names.ts';
import { mailbox } from '../../mail/outgoing.ts';
import { field, joinMessage } from '../../mail/raw-message.ts';
import { ProtocolFailure } from '../../protocol/command.ts';
import type { ComposeRequest } from './request.ts';

export const Status = { InvalidXml: 103, InvalidElements: 178, InvalidForwardees: 179 } as const;

/**
 * The message that a client has not written: from 16.0 on it may name Forwardees and a Body instead (MS-ASCMD 2.2.3.169).
 * @throws ProtocolFailure 103 without a message, 178 for both, 179 for a forwardee that is no address
 */
export function writtenMessage(request: ComposeRequest, subject: string): Uint8Array {
  const { mime, forwardees, body } = request;
  if (forwardees === undefined && body === undefined) {
    if (mime === undefined) throw new ProtocolFailure(Status.InvalidXml, 'Mime is missing');
    return mime;
  }
  // R7467, R7468.
  const beside = mime !== undefined || request.saveInSent || request.replaceMime || request.templateId !== undefined;
  if (beside) throw new ProtocolFailure(Status.InvalidElements, 'Forwardees or Body beside a message');
  if (!forwardees || forwardees.length === 0 || forwardees.some(({ Email }) => parseAddress(Email) === undefined)) {
    throw new ProtocolFailure(Status.InvalidForwardees, 'a forwardee is no address');
  }
  const type = body?.type === 2 ? 'text/html' : 'text/plain';
  const to = forwardees.map(({ Name, Email }) => mailbox(Name ?? '', Email.trim())).join(', ');
  return joinMessage({
    fields: [
      field('To', to),
      field('Subject', /^fw:/i.test(subject) ? subject : `FW: ${subject}`),
      field('Content-Type', `${type}; charset=utf-8`),
      field('Content-Transfer-Encoding', '8bit'),
    ],
    body: Buffer.from(body?.data ?? '', 'utf8'),
  });
}
