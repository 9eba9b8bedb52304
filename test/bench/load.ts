/** The phones of a benchmark: a process of its own, told over IPC what to do. */
import http from 'node:http';
import { PingRequest, PingResponse } from '../../lib/documents/ping.ts';
import { decode, encode } from '../../lib/wbxml/index.ts';
import { Phone } from '../support/client/phone.ts';
import { plainQuery } from '../support/client/query.ts';
import { letter, readAttachment } from './load/mail.ts';
import { type Answered, type Pinger, SocketLoad } from './load/sockets.ts';
import type { UserSecret } from './server.ts';

export type LoadOrder =
  /** Every user sets up one phone: folders, first Sync of the inbox. */
  | { readonly do: 'phones'; readonly port: number; readonly users: readonly UserSecret[] }
  /** These phones (by index) send a Ping on a connection of their own and wait. */
  | { readonly do: 'hold'; readonly phones: readonly number[]; readonly heartbeat: number }
  /** Resolves when that many answers have come; gives the time of each. */
  | { readonly do: 'answers'; readonly count: number }
  /** Syncs the inbox of these phones until nothing is left. */
  | { readonly do: 'sync'; readonly phones: readonly number[] }
  /** Each of these phones asks so many times for what is new, and nothing is. */
  | { readonly do: 'quiet-sync'; readonly phones: readonly number[]; readonly times: number }
  /** As many new devices of one user synchronise the inbox for the first time. */
  | { readonly do: 'first-sync'; readonly port: number; readonly user: UserSecret; readonly devices: number }
  /** One message after the other by SendMail, from the first phone of each pair to the second; gives the times of each. */
  | { readonly do: 'send'; readonly pairs: readonly (readonly [from: number, to: number])[] }
  /** The attachment of the phone's only message, read slowly and not kept; gives its length on the wire. */
  | { readonly do: 'fetch'; readonly phone: number; readonly multipart: boolean; readonly range?: string }
  | { readonly do: 'close' };

/** CLOCK_MONOTONIC, nanoseconds: when a SendMail left, and when its answer was there. */
export interface Sent {
  readonly to: number;
  readonly began: string;
  readonly answered: string;
}

const VERSION = 161;
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const phones: Phone[] = [];
let load: SocketLoad | undefined;
let answers: Answered[] = [];
let onCount: (() => void) | undefined;

function makePhone(port: number, { user, password }: UserSecret, deviceId: string): Phone {
  const phone = new Phone({ url: `http://127.0.0.1:${port}`, user, password, deviceId, version: VERSION, agent });
  phone.collectionOptions = {
    WindowSize: 100,
    Options: [{ FilterType: 0, BodyPreference: [{ Type: 1, TruncationSize: 500 }] }],
  };
  return phone;
}

function pingOf(phone: Phone, heartbeat: number): Buffer {
  const { user, password, deviceId, deviceType } = phone.client.options;
  const document = { HeartbeatInterval: heartbeat, Folders: { Folder: [{ Id: phone.inbox.id, Class: 'Email' }] } };
  const body = encode(PingRequest, document, VERSION);
  const query = plainQuery({ command: 'Ping', user, deviceId, deviceType, version: VERSION });
  const head = [
    `POST /Microsoft-Server-ActiveSync?${query} HTTP/1.1`,
    'Host: mail.bench.test',
    `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
    'User-Agent: Apple-iPhone16C2/2301.341',
    'MS-ASProtocolVersion: 16.1',
    'Content-Type: application/vnd.ms-sync.wbxml',
    'Accept: */*',
    'Accept-Language: en-us',
    'Accept-Encoding: gzip, deflate',
    'Connection: keep-alive',
    `Content-Length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

/** Runs `each` for all, `width` at a time. */
async function pool<T>(all: readonly T[], width: number, each: (one: T, at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < all.length; at = next++) await each(all[at]!, at);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

const orders: { [K in LoadOrder['do']]: (order: Extract<LoadOrder, { do: K }>) => Promise<unknown> } = {
  async phones({ port, users }) {
    load ??= new SocketLoad(port, (answer) => {
      answers.push(answer);
      onCount?.();
    });
    const first = phones.length;
    await pool(users, 16, async (user, at) => {
      const phone = makePhone(port, user, `bench${String(first + at).padStart(10, '0')}`);
      await phone.syncFolders();
      await phone.drain(phone.inbox);
      phones[first + at] = phone;
    });
    return phones.length;
  },
  async hold({ phones: which, heartbeat }) {
    answers = [];
    await load!.send(which.map((id): Pinger => ({ id, request: pingOf(phones[id]!, heartbeat) })));
    return load!.open;
  },
  async answers({ count }) {
    if (answers.length < count) {
      await new Promise<void>((resolve) => {
        onCount = () => answers.length >= count && resolve();
      });
      onCount = undefined;
    }
    return answers.map(({ id, at, bytes }) => ({ id, at: String(at), status: statusOf(bytes) }));
  },
  async sync({ phones: which }) {
    await pool(which, 16, async (id) => void (await phones[id]!.drain(phones[id]!.inbox)));
    return which.length;
  },
  async 'quiet-sync'({ phones: which, times }) {
    await pool(which, 16, async (id) => {
      const phone = phones[id]!;
      for (let n = 0; n < times; n++) {
        const { status, added } = await phone.sync(phone.inbox);
        if (status !== 1 || added.length > 0) throw new Error(`there was something new: status ${status}`);
      }
    });
    return which.length * times;
  },
  async 'first-sync'({ port, user, devices }) {
    let messages = 0;
    for (let at = 0; at < devices; at++) {
      const phone = makePhone(port, user, `first${Date.now()}${at}`);
      await phone.syncFolders();
      messages += (await phone.drain(phone.inbox)).added.length;
    }
    return messages;
  },
  async send({ pairs }) {
    const sent: Sent[] = [];
    for (const [from, to] of pairs) {
      const { client } = phones[from]!;
      const mime = letter(client.options.user, phones[to]!.client.options.user, to);
      const began = process.hrtime.bigint();
      const { status, body } = await client.compose('SendMail', { mime, save: true, ClientId: `send${from}-${to}` });
      if (status !== 200 || body.length > 0) throw new Error(`SendMail: HTTP ${status}, ${body.length} bytes`);
      sent.push({ to, began: String(began), answered: String(process.hrtime.bigint()) });
    }
    return sent;
  },
  fetch: ({ phone, ...how }) => readAttachment(phones[phone]!, how, agent),
  async close() {
    load?.close();
    agent.destroy();
    setImmediate(() => process.exit(0));
    return undefined;
  },
};

/** Ping status of a raw answer; an HTTP failure is its negative code. */
function statusOf(bytes: Buffer): number {
  const end = bytes.indexOf('\r\n\r\n');
  const code = Number(bytes.subarray(9, 12).toString());
  return code === 200 ? decode(PingResponse, bytes.subarray(end + 4), VERSION).Status : -code;
}

process.on('message', (message: { id: number; order: LoadOrder }) => {
  const run = orders[message.order.do] as (order: LoadOrder) => Promise<unknown>;
  run(message.order).then(
    (result) => process.send!({ id: message.id, result }),
    (error: unknown) => process.send!({ id: message.id, error: String((error as Error).stack ?? error) }),
  );
});
