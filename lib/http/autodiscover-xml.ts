/** The plain XML of Autodiscover (MS-ASCMD 2.2.1.1); every other command speaks WBXML. */

const FRAME = 'http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006';
const MOBILE_SYNC = 'http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006';

export interface AutodiscoverRequest {
  readonly address: string;
  /** The schema that the client takes is the one of this command. */
  readonly mobileSync: boolean;
}

/**
 * The request, `undefined` where it is none: no XML, not exactly one Request (R3799), an element missing or twice.
 * A type declaration is refused: it could define entities.
 */
export function readRequest(text: string): AutodiscoverRequest | undefined {
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) return undefined;
  const plain = text.replace(/<!--.*?-->/gs, '');
  if (!elements(plain, 'Autodiscover')) return undefined;
  const requests = elements(plain, 'Request');
  if (requests?.length !== 1) return undefined;
  const addresses = elements(requests[0]!, 'EMailAddress');
  const schemas = elements(requests[0]!, 'AcceptableResponseSchema');
  if (addresses?.length !== 1 || schemas?.length !== 1) return undefined;
  return { address: unescaped(addresses[0]!), mobileSync: unescaped(schemas[0]!) === MOBILE_SYNC };
}

/** Contents of the elements of this name, whatever their prefix; `undefined` where there is none. */
function elements(text: string, name: string): readonly string[] | undefined {
  const found = [...text.matchAll(new RegExp(`<((?:[\\w.-]+:)?${name})(?:\\s[^<>]*)?>(.*?)</\\1\\s*>`, 'gs'))];
  return found.length > 0 ? found.map((match) => match[2]!) : undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name]!).trim();
}

/** Control characters and halves of pairs are no XML at all. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}|[\ufffe\uffff]/gu, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}

const document = (response: string) =>
  `<?xml version="1.0" encoding="utf-8"?>\n<Autodiscover xmlns="${FRAME}">${response}</Autodiscover>\n`;

/** Whom an answer is about; as the directory has them. */
export interface AutodiscoverUser {
  readonly name: string;
  readonly address: string;
}

function answer({ name, address }: AutodiscoverUser, action: string): string {
  // Somebody without a name has no element of it.
  const shown = name.trim() === '' ? '' : `<DisplayName>${escaped(name)}</DisplayName>`;
  const user = `<User>${shown}<EMailAddress>${escaped(address)}</EMailAddress></User>`;
  return document(
    `<Response xmlns="${MOBILE_SYNC}"><Culture>en:us</Culture>${user}<Action>${action}</Action></Response>`,
  );
}

/** `url` stands in Url and in Name, which says where the protocol is (R3482, R3484). */
export function answerXml(user: AutodiscoverUser, url: string): string {
  const server = `<Server><Type>MobileSync</Type><Url>${escaped(url)}</Url><Name>${escaped(url)}</Name></Server>`;
  return answer(user, `<Settings>${server}</Settings>`);
}

/** The same person has another address, and the client asks where that one is (MS-ASCMD 2.2.3.147). */
export const redirectXml = (user: AutodiscoverUser, to: string) => answer(user, `<Redirect>${escaped(to)}</Redirect>`);

/** The command itself failed: nobody could say where the mailbox is (2 is a protocol error, MS-ASCMD 2.2.3.177.1). */
export const troubleXml = (user: AutodiscoverUser) =>
  answer(
    user,
    '<Error><Status>2</Status><Message>The directory could not be reached</Message><DebugData>Directory</DebugData></Error>',
  );

const MESSAGES = {
  500: 'The e-mail address cannot be found',
  600: 'Invalid Request',
  601: 'Provider is not available',
} as const;

/** An error of the frame that hosts the command (R3818); `now` in epoch milliseconds. */
export function errorXml(code: keyof typeof MESSAGES, now: number): string {
  // Seven digits of a second, of which this clock knows three (MS-ASCMD R5547).
  const time = `${new Date(now).toISOString().slice(11, 23)}0000`;
  return document(
    `<Response><Error Time="${time}" Id="1"><ErrorCode>${code}</ErrorCode><Message>${MESSAGES[code]}</Message><DebugData /></Error></Response>`,
  );
}
