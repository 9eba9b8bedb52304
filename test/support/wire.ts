/** Clients as they are on the wire: the request line and the fields of each, and documents byte for byte. */
import { gunzipSync } from 'node:zlib';
import { parseDocument, type WbxmlElement } from '../../lib/wbxml/index.ts';
import { PASSWORD } from '../e2e/harness.ts';
import type { Person } from '../e2e/shared.ts';
import type { ClientOptions } from './client/client.ts';
import { base64Query } from './client/query.ts';
import { type RawAnswer, RawClient, rawRequest } from './raw-http.ts';

/** A document: hexadecimal as it is, texts between as inline strings, bytes as opaque values. */
export function wbxml(hex: TemplateStringsArray, ...values: (string | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from([3, 1, 0x6a, 0])];
  for (const [n, text] of hex.entries()) {
    parts.push(Buffer.from(text.replace(/\s/g, ''), 'hex'));
    const value = values[n];
    if (typeof value === 'string') parts.push(Buffer.from([3]), Buffer.from(value), Buffer.from([0]));
    else if (value) parts.push(Buffer.from([0xc3]), multiByte(value.length), Buffer.from(value));
  }
  return Buffer.concat(parts);
}

function multiByte(value: number): Buffer {
  const bytes = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) bytes.unshift(0x80 | (rest & 0x7f));
  return Buffer.from(bytes);
}

type Version = NonNullable<ClientOptions['version']>;
type Fields = Readonly<Record<string, string>>;

export interface Device {
  readonly options: { readonly deviceId: string; readonly deviceType: string; readonly userAgent: string } & {
    readonly version: Version;
    readonly query?: 'plain' | 'base64';
  };
  /** The query as it writes it. */
  query(command: string, user: string): string;
  /** All fields but Host and Content-Length, in its order. `Authorization` is put where it stands. */
  readonly fields: Fields;
}

const plain = (id: string, type: string) => ({
  apple: (command: string, user: string) => `User=${user}&DeviceId=${id}&DeviceType=${type}&Cmd=${command}`,
  google: (command: string, user: string) =>
    `Cmd=${command}&User=${encodeURIComponent(user)}&DeviceId=${id}&DeviceType=${type}`,
});
const WBXML = { 'Content-Type': 'application/vnd.ms-sync.wbxml' };
const AUTHORIZATION = { Authorization: '' };

/** As logs of servers show them; policy keys are put in by each test. */
export const IPHONE: Device = {
  options: {
    ...{ deviceId: 'F2LSG1VNHG7F', deviceType: 'iPhone', version: 161 },
    userAgent: 'Apple-iPhone14C2/2207.1',
  },
  query: plain('F2LSG1VNHG7F', 'iPhone').apple,
  fields: {
    ...WBXML,
    ...{ 'X-MS-PolicyKey': '0', 'MS-ASProtocolVersion': '16.1', Accept: '*/*' },
    ...AUTHORIZATION,
    ...{ 'Accept-Language': 'en-GB', 'Accept-Encoding': 'gzip, deflate, br' },
    ...{ 'User-Agent': 'Apple-iPhone14C2/2207.1', Connection: 'keep-alive' },
  },
};
export const AOSP: Device = {
  options: {
    ...{ deviceId: 'android1363710426', deviceType: 'Android', version: 141 },
    userAgent: 'Android/6.0.1-EAS-2.0',
  },
  query: plain('android1363710426', 'Android').google,
  fields: {
    ...AUTHORIZATION,
    ...{ 'MS-ASProtocolVersion': '14.1', Connection: 'keep-alive', 'User-Agent': 'Android/6.0.1-EAS-2.0' },
    ...{ 'X-MS-PolicyKey': '0', ...WBXML, 'Accept-Encoding': 'gzip' },
  },
};
export const GMAIL: Device = {
  options: {
    ...{ deviceId: 'androidc259148960', deviceType: 'Android', version: 161 },
    userAgent: 'Android-Mail/2024.03.10.618021236.Release',
  },
  query: plain('androidc259148960', 'Android').google,
  fields: {
    ...AUTHORIZATION,
    ...{ 'User-Agent': 'Android-Mail/2024.03.10.618021236.Release', 'X-MS-PolicyKey': '0' },
    ...{ 'MS-ASProtocolVersion': '16.1', ...WBXML, 'Accept-Encoding': 'gzip', Connection: 'Keep-Alive' },
  },
};
export const SAMSUNG: Device = {
  options: {
    ...{ deviceId: 'SEC16E9B4D1A2C3F', deviceType: 'SAMSUNGSMG991B', version: 161 },
    userAgent: 'Android-SAMSUNG-SM-G991B/101.1300',
  },
  query: plain('SEC16E9B4D1A2C3F', 'SAMSUNGSMG991B').google,
  fields: {
    ...AUTHORIZATION,
    ...{ 'User-Agent': 'Android-SAMSUNG-SM-G991B/101.1300', 'MS-ASProtocolVersion': '16.1' },
    ...{ 'X-MS-PolicyKey': '0', ...WBXML, Connection: 'keep-alive', 'Accept-Encoding': 'gzip' },
  },
};
export const OUTLOOK_MOBILE: Device = {
  options: {
    ...{ deviceId: '5C6D7E8F90A1B2C3D4E5F60718293A4B', deviceType: 'Outlook', version: 141 },
    userAgent: 'Outlook-iOS-Android/1.0',
  },
  query: plain('5C6D7E8F90A1B2C3D4E5F60718293A4B', 'Outlook').google,
  fields: {
    ...{ 'User-Agent': 'Outlook-iOS-Android/1.0', 'MS-ASProtocolVersion': '14.1' },
    ...{ 'X-MS-PolicyKey': '0', ...AUTHORIZATION, ...WBXML, Connection: 'Keep-Alive' },
  },
};
export const OUTLOOK: Device = {
  options: {
    ...{ deviceId: 'A4C2B6D0E8F1420397B5D6C8E0F1A2B3', deviceType: 'WindowsOutlook15', version: 140 },
    userAgent: 'Outlook/16.0 (16.0.17328.20000; C2R; x64)',
  },
  query: plain('A4C2B6D0E8F1420397B5D6C8E0F1A2B3', 'WindowsOutlook15').google,
  fields: {
    ...{ 'Cache-Control': 'no-cache', Connection: 'Keep-Alive', Pragma: 'no-cache', ...WBXML, ...AUTHORIZATION },
    ...{ 'User-Agent': 'Outlook/16.0 (16.0.17328.20000; C2R; x64)', 'X-MS-PolicyKey': '0' },
    ...{ 'MS-ASProtocolVersion': '14.0', 'Accept-Encoding': 'gzip, deflate' },
  },
};
/** Sixteen bytes as they are: no text, and no hexadecimal. */
const WINDOWS_ID = Buffer.from('9d3e07b10a004fe2b18c54f20d6ac977', 'hex');
export const WINDOWS_MAIL: Device = {
  options: {
    ...{ deviceId: WINDOWS_ID.toString('latin1'), deviceType: 'WindowsMail', version: 140, query: 'base64' },
    userAgent: 'MSFT-WIN-4/10.0.19041',
  },
  query: (command) => {
    const head = { command, user: '', deviceId: '', deviceType: 'WindowsMail', version: 140 };
    const without = Buffer.from(base64Query(head), 'base64');
    // The length of the device's name stands fifth; parameter 8, the user, is not sent.
    return Buffer.concat([
      without.subarray(0, 4),
      Buffer.from([WINDOWS_ID.length]),
      WINDOWS_ID,
      without.subarray(5, -2),
    ]).toString('base64');
  },
  fields: {
    ...{ ...WBXML, ...AUTHORIZATION, 'User-Agent': 'MSFT-WIN-4/10.0.19041', Connection: 'Keep-Alive' },
    ...{ 'Cache-Control': 'no-cache', 'Accept-Encoding': 'gzip, deflate' },
  },
};
export const WINDOWS_PHONE: Device = {
  options: {
    ...{ deviceId: '2C0E7E4F81C0B8D6F1A2B3C4D5E6F708', deviceType: 'WP8', version: 141 },
    userAgent: 'MSFT-WP/8.0.10211',
  },
  query: plain('2C0E7E4F81C0B8D6F1A2B3C4D5E6F708', 'WP8').google,
  fields: {
    ...{ ...WBXML, 'User-Agent': 'MSFT-WP/8.0.10211', 'MS-ASProtocolVersion': '14.1', ...AUTHORIZATION },
    ...{ 'X-MS-PolicyKey': '0', Connection: 'Keep-Alive' },
  },
};
export const POCKET_PC: Device = {
  options: {
    ...{ deviceId: '6F24CAD599A5BF1A690246B8C68FAE8D', deviceType: 'PocketPC', version: 121 },
    userAgent: 'MSFT-PPC/5.2.5082',
  },
  query: (command, user) =>
    `User=${user.slice(0, user.indexOf('@'))}&DeviceId=6F24CAD599A5BF1A690246B8C68FAE8D&DeviceType=PocketPC&Cmd=${command}`,
  fields: {
    ...{ 'Accept-Language': 'en-us', 'MS-ASProtocolVersion': '12.1', 'X-MS-PolicyKey': '0', ...WBXML },
    ...{ 'User-Agent': 'MSFT-PPC/5.2.5082', ...AUTHORIZATION, Connection: 'Keep-Alive' },
  },
};
export const NOKIA: Device = {
  options: {
    ...{ deviceId: '352741010123456', deviceType: 'MeeGo', version: 121 },
    userAgent: 'MeeGo/NokiaN800',
  },
  query: plain('352741010123456', 'MeeGo').google,
  fields: {
    ...{ ...AUTHORIZATION, 'MS-ASProtocolVersion': '12.1', 'X-MS-PolicyKey': '0' },
    ...{ 'User-Agent': 'MeeGo/NokiaN800', ...WBXML, Connection: 'Keep-Alive' },
  },
};
export const BLACKBERRY: Device = {
  options: {
    ...{ deviceId: 'BB2100000A', deviceType: 'BlackBerry', version: 141 },
    userAgent: 'RIM-Z10-SQN100-1/10.3.2.2876',
  },
  query: plain('BB2100000A', 'BlackBerry').google,
  fields: {
    ...{ 'User-Agent': 'RIM-Z10-SQN100-1/10.3.2.2876', 'MS-ASProtocolVersion': '14.1', ...AUTHORIZATION },
    ...{ 'X-MS-PolicyKey': '0', ...WBXML, 'Accept-Encoding': 'gzip', Connection: 'Keep-Alive' },
  },
};

export interface WireAnswer extends RawAnswer {
  /** Absent for an empty body. */
  readonly document?: WbxmlElement;
}

/** One connection of a device. Every document that it gets is validated with those of the person's phones. */
export async function openWire(port: number, person: Person, device: Device) {
  const client = await RawClient.open(port);
  const { onAnswer } = person.phone(device.options).client.options;
  const login = `Basic ${Buffer.from(`${person.address}:${PASSWORD}`).toString('base64')}`;
  const send = (command: string, body: Uint8Array = new Uint8Array(0), over: Fields = {}) => {
    const fields = { ...device.fields, Authorization: login, ...over };
    const target = `/Microsoft-Server-ActiveSync?${device.query(command, person.address)}`;
    return client.write(rawRequest(target, body, fields));
  };
  const answer = async (command: string): Promise<WireAnswer> => {
    const raw = await client.answer();
    if (!raw) throw new Error('the server closed the connection');
    if (raw.status !== 200 || raw.body.length === 0) return raw;
    const body = raw.headers['content-encoding'] === 'gzip' ? gunzipSync(raw.body) : raw.body;
    await onAnswer?.(command, device.options.version, body);
    return { ...raw, document: parseDocument(body) };
  };
  return {
    client,
    send,
    answer,
    async ask(...request: Parameters<typeof send>): Promise<WireAnswer> {
      await send(...request);
      return answer(request[0]);
    },
  };
}
export type Wire = Awaited<ReturnType<typeof openWire>>;

/** What is at this path in the first of each; `undefined` where a step is missing. */
export function at(element: WbxmlElement | undefined, ...tags: readonly string[]): WbxmlElement | undefined {
  return tags.reduce<WbxmlElement | undefined>((one, tag) => one?.children.find((child) => child.tag === tag), element);
}
export const textAt = (element: WbxmlElement | undefined, ...tags: readonly string[]) => at(element, ...tags)?.text();
