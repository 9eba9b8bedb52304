import {
  FileProperties,
  ItemOperationsRequest,
  ItemOperationsResponse,
} from '../../../lib/documents/item-operations.ts';
import { Email } from '../../../lib/documents/items/email.ts';
import { decode, decodeElement, encode, type WbxmlElement } from '../../../lib/wbxml/index.ts';
import type { EasClient } from './client.ts';
import type { Answer } from './transport.ts';

export interface OperationsAnswer extends Answer {
  readonly document?: ItemOperationsResponse;
  /** All parts of a multipart answer, the document first. */
  readonly parts?: readonly Buffer[];
}

/** ItemOperations as clients send it, multipart by the header or by the option of a base64 query. */
export async function itemOperations(
  client: EasClient,
  value: ItemOperationsRequest,
  { multipart = false, headers = {} }: { readonly multipart?: boolean; readonly headers?: Record<string, string> } = {},
): Promise<OperationsAnswer> {
  const plain = client.options.query === 'plain';
  const body = encode(ItemOperationsRequest, value, client.version);
  const answer = await client.raw(
    'ItemOperations',
    body,
    { ...headers, ...(multipart && plain ? { 'MS-ASAcceptMultiPart': 'T' } : {}) },
    undefined,
    multipart && !plain ? { AcceptMultiPart: true } : undefined,
  );
  if (answer.status !== 200) return answer;
  const parts = multipart ? partsOf(answer.body) : undefined;
  const wbxml = parts?.[0] ?? answer.body;
  await client.options.onAnswer?.('ItemOperations', client.version, wbxml);
  return { ...answer, parts, document: decode(ItemOperationsResponse, wbxml, client.version) };
}

/** Read apart from what writes it (MS-ASCMD 2.2.1.10.1.1). */
export function partsOf(body: Buffer): Buffer[] {
  return Array.from({ length: body.readUInt32LE(0) }, (_, n) => {
    const offset = body.readUInt32LE(4 + 8 * n);
    return body.subarray(offset, offset + body.readUInt32LE(8 + 8 * n));
  });
}

type Fetched = NonNullable<NonNullable<ItemOperationsResponse['Response']>['Fetch']>[number];

export const mailOf = ({ Properties }: Fetched, version: EasClient['version']): Email =>
  decodeElement(Email, Properties as WbxmlElement, version);
export const fileOf = ({ Properties }: Fetched, version: EasClient['version']): FileProperties =>
  decodeElement(FileProperties, Properties as WbxmlElement, version);
