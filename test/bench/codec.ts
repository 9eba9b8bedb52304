/**
 * Messages a second and core through the codec alone: `node test/bench/codec.ts`. A message is what a first Sync sends:
 * envelope, flags, conversation, a plain body of 500 characters, one attachment in three.
 */
import { Email } from '../../lib/documents/items/email.ts';
import { PingRequest } from '../../lib/documents/ping.ts';
import { SyncRequest, SyncResponse } from '../../lib/documents/sync.ts';
import { decode, decodeElement, encode, encodeFragment, WbxmlElement } from '../../lib/wbxml/index.ts';

const WINDOW = 100;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 2);
const latin = 'The quick brown fox jumps over the lazy dog, and then comes back to see what happened.\r\n'.repeat(6);
const umlauts = 'Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich – und dann wieder zurück.\r\n'.repeat(
  6,
);

const message = (n: number): Email => ({
  To: '"Recipient Number One" <recipient.one@example.com>',
  From: `"Sender ${n}" <sender.${n}@example.org>`,
  Subject: n % 4 === 0 ? `Besprechung über Äpfel ${n}` : `Minutes of the weekly meeting, part ${n}`,
  ReplyTo: `"Sender ${n}" <sender.${n}@example.org>`,
  DateReceived: 1_768_478_400_000 - n * 61_000,
  DisplayTo: 'Recipient Number One',
  ThreadTopic: `Minutes of the weekly meeting, part ${n}`,
  Importance: 1,
  Read: n % 3 === 0,
  ...(n % 3 === 0
    ? {
        Attachments: {
          Attachment: [{ DisplayName: 'report.pdf', FileReference: `5:${n}:0`, Method: 1, EstimatedDataSize: 123_456 }],
        },
      }
    : {}),
  Body: { Type: 1, EstimatedDataSize: 540, Truncated: true, Data: (n % 4 === 0 ? umlauts : latin).slice(0, 500) },
  MessageClass: 'IPM.Note',
  InternetCPID: '65001',
  Flag: {},
  ContentClass: 'urn:content-classes:message',
  NativeBodyType: 2,
  ConversationId: new Uint8Array(16).fill(n),
  ConversationIndex: new Uint8Array(22).fill(n),
  Categories: { Category: [] },
});

const messages = Array.from({ length: WINDOW }, (_, n) => message(n));
const adds = messages.map((each, n) => ({
  tag: 'Add' as const,
  value: { ServerId: `5:${n}`, ApplicationData: encodeFragment(Email, each, 161) },
}));
const window = (commands: typeof adds): SyncResponse => ({
  Collections: {
    Collection: [{ SyncKey: '17.4', CollectionId: '5', Status: 1, MoreAvailable: true, Commands: commands }],
  },
});
const response = encode(SyncResponse, window(adds), 161);
const collection = { SyncKey: '17.4', CollectionId: '5', GetChanges: true, WindowSize: 100 };
const options = [{ FilterType: 3, BodyPreference: [{ Type: 1, TruncationSize: 500 }] }];
const request = encode(SyncRequest, { Collections: { Collection: [{ ...collection, Options: options }] } }, 161);
const folder = { Id: '5', Class: 'Email' };
const ping = encode(PingRequest, { HeartbeatInterval: 900, Folders: { Folder: [folder, folder, folder] } }, 161);

/** CPU seconds, not wall time: other processes share the cores. */
function rate(run: () => number): number {
  run();
  const before = process.cpuUsage();
  let count = 0;
  for (;;) {
    // Asking for the time costs as much as a small document.
    for (let i = 0; i < 50; i++) count += run();
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    if (seconds >= SECONDS) return count / seconds;
  }
}

/** What a run counts for, after it has been done. */
const times = (count: number, _done: unknown): number => count;

const ROWS: readonly (readonly [string, () => number])[] = [
  [
    'encode messages as fragments, then the window',
    () => {
      const commands = messages.map((each, n) => ({
        tag: 'Add' as const,
        value: { ServerId: `5:${n}`, ApplicationData: encodeFragment(Email, each, 161) },
      }));
      encode(SyncResponse, window(commands), 161);
      return WINDOW;
    },
  ],
  ['encode the window of ready fragments', () => times(WINDOW, encode(SyncResponse, window(adds), 161))],
  [
    'decode the window and its items',
    () => {
      const commands = decode(SyncResponse, response, 161).Collections!.Collection[0]!.Commands!;
      for (const { tag, value } of commands) {
        if (tag === 'Add' && value.ApplicationData instanceof WbxmlElement)
          decodeElement(Email, value.ApplicationData, 161);
      }
      return WINDOW;
    },
  ],
  ['decode a Sync request', () => times(1, decode(SyncRequest, request, 161))],
  ['decode a Ping request', () => times(1, decode(PingRequest, ping, 161))],
];

console.log(`${response.length} bytes for ${WINDOW} messages; Node ${process.version}`);
for (const [name, run] of ROWS)
  console.log(`${name.padEnd(48)} ${Math.round(rate(run)).toLocaleString('en')} /s and core`);
