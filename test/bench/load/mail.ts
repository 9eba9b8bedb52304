import http from 'node:http';
import { ItemOperationsRequest } from '../../../lib/documents/item-operations.ts';
import { encode } from '../../../lib/wbxml/index.ts';
import type { Phone } from '../../support/client/phone.ts';
import { plainQuery } from '../../support/client/query.ts';

/** What a person writes on a phone. */
export const letter = (from: string, to: string, n: number): Buffer =>
  Buffer.from(
    [
      `From: <${from}>`,
      `To: <${to}>`,
      `Subject: Lunch ${n}`,
      `Message-ID: <lunch-${n}-${from}>`,
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'Shall we meet at noon? '.repeat(10),
      '',
    ].join('\r\n'),
  );

/** Rests of a slow reader: what the server keeps meanwhile is what is measured. */
const REST_BYTES = 1024 * 1024;
const REST_MS = 200;

/** Asks for the attachment of the phone's only message, reads it in rests and keeps nothing. Gives the answer's length. */
export async function readAttachment(
  phone: Phone,
  { multipart, range: Range }: { readonly multipart: boolean; readonly range?: string },
  agent: http.Agent,
): Promise<number> {
  if (phone.inbox.items.size === 0) await phone.drain(phone.inbox);
  const [mail] = [...phone.inbox.items.values()];
  const reference = mail?.Attachments?.Attachment?.[0]?.FileReference;
  if (reference === undefined) throw new Error('the message has no attachment');
  const { url, user, password, deviceId, deviceType, version } = phone.client.options;
  const query = plainQuery({ command: 'ItemOperations', user, deviceId, deviceType, version });
  const headers = {
    Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
    'MS-ASProtocolVersion': '16.1',
    'Content-Type': 'application/vnd.ms-sync.wbxml',
    ...(multipart ? { 'MS-ASAcceptMultiPart': 'T' } : {}),
  };
  const body = encode(
    ItemOperationsRequest,
    [{ tag: 'Fetch', value: { Store: 'Mailbox', FileReference: [reference], Options: Range ? { Range } : undefined } }],
    version,
  );
  return await new Promise((resolve, reject) => {
    const target = `${url}/Microsoft-Server-ActiveSync?${query}`;
    const request = http.request(target, { method: 'POST', headers, agent }, (response) => {
      let length = 0;
      let rested = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length - rested < REST_BYTES) return;
        rested = length;
        response.pause();
        setTimeout(() => response.resume(), REST_MS);
      });
      response.on('error', reject);
      response.on('end', () =>
        response.statusCode === 200 ? resolve(length) : reject(new Error(`HTTP ${response.statusCode}`)),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}
