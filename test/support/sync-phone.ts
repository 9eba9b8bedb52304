import type { SyncItemClass } from '../../lib/commands/sync/item-class.ts';
import { Email } from '../../lib/documents/items/email.ts';
import type { SyncRequest, SyncResponse } from '../../lib/documents/sync.ts';
import { type DeviceId, type FolderId, ulidFor } from '../../lib/ops/ids.ts';
import type { CommandContext } from '../../lib/protocol/command.ts';
import {
  decodeElement,
  encodeFragment,
  type Fragment,
  parseDocument,
  type WbxmlElement,
} from '../../lib/wbxml/index.ts';
import { emailContent, INBOX } from './mailboxes.ts';
import { exchange, type Sent, type SyncWorld } from './sync-world.ts';

type RequestCollection = NonNullable<SyncRequest['Collections']>['Collection'][number];
type ResponseCollection = NonNullable<SyncResponse['Collections']>['Collection'][number];

/** What a phone shows of a message. */
export type Shown = Pick<Email, 'Subject' | 'Read' | 'Body' | 'Categories' | 'Flag'>;

/** A phone with one mail folder. Its memory changes only by what a response says. */
export class TestPhone {
  key = '0';
  readonly items = new Map<string, Shown>();
  /** What a response said that no server should say: an Add of what is there, a Change of what is not. */
  readonly complaints: string[] = [];
  /** What it moved here itself: an Add of it says nothing new, and nothing wrong. */
  readonly movedHere = new Set<string>();
  readonly #world: SyncWorld;
  readonly device: DeviceId;
  readonly folder: FolderId;
  context: Partial<CommandContext> = {};

  constructor(world: SyncWorld, device = 'phone1', folder = INBOX) {
    this.#world = world;
    this.device = device as DeviceId;
    this.folder = folder;
  }

  get version() {
    return this.context.version ?? 141;
  }

  /** The request only; the answer is not taken in. */
  send(collection: Partial<RequestCollection> = {}, rest: Partial<SyncRequest> = {}, command = this.#world.command) {
    const one = { SyncKey: this.key, CollectionId: this.folder, ...collection };
    return this.raw({ Collections: { Collection: [one] }, ...rest }, command);
  }

  raw(request: SyncRequest | undefined, command = this.#world.command): Promise<Sent> {
    return exchange(command, this.#world.context(this.device, this.context), request);
  }

  /** A request whose answer arrives. */
  async sync(
    collection: Partial<RequestCollection> = {},
    rest: Partial<SyncRequest> = {},
  ): Promise<ResponseCollection | undefined> {
    return this.take(await this.send(collection, rest));
  }

  /** Takes an answer in; the collection it had, if any. */
  take(sent: Sent): ResponseCollection | undefined {
    if (sent === 'empty') return undefined;
    if ('kind' in sent) throw new Error('held');
    const collection = sent.Collections?.Collection.find(({ CollectionId }) => CollectionId === this.folder);
    if (!collection) return undefined;
    if (collection.Status === 3) {
      this.key = '0';
      this.items.clear();
      return collection;
    }
    if (collection.Status !== 1) return collection;
    if (this.key === '0') this.items.clear();
    this.key = collection.SyncKey!;
    for (const command of collection.Commands ?? []) this.#apply(command);
    return collection;
  }

  #apply(command: NonNullable<ResponseCollection['Commands']>[number]): void {
    const { ServerId } = command.value;
    if (command.tag === 'Delete' || command.tag === 'SoftDelete') {
      this.items.delete(ServerId);
      return;
    }
    const shown = shownOf(command.value.ApplicationData as WbxmlElement, this.version);
    const before = this.items.get(ServerId);
    if (command.tag === 'Add' && before && !this.movedHere.has(ServerId)) {
      this.complaints.push(`Add of ${ServerId}, which is there`);
    }
    if (command.tag === 'Change' && !before) this.complaints.push(`Change of ${ServerId}, which is not there`);
    this.items.set(ServerId, { ...before, ...shown });
  }

  /** Key 0, then everything. */
  async start(collection: Partial<RequestCollection> = {}): Promise<void> {
    this.key = '0';
    await this.sync(collection);
    await this.drain();
  }

  /** Syncs until there is nothing more. */
  async drain(collection: Partial<RequestCollection> = {}): Promise<void> {
    for (let round = 0; round < 500; round++) {
      const answer = await this.sync(collection);
      if (answer === undefined) return;
      if (answer.Status === 3) await this.sync({ ...collection, SyncKey: '0' });
    }
    throw new Error('the folder does not come to an end');
  }
}

export function shownOf(data: WbxmlElement, version: CommandContext['version']): Shown {
  const { Subject, Read, Body, Categories, Flag } = decodeElement(Email, data, version);
  return JSON.parse(JSON.stringify({ Subject, Read, Body, Categories, Flag })) as Shown;
}

/** `ApplicationData` of a client, as a tree. */
export function dataOf(email: Partial<Email>, version: CommandContext['version'] = 141): WbxmlElement {
  return elementOf(encodeFragment(Email, email as Email, version));
}

/** An `ApplicationData` with this in it. */
export function elementOf({ bytes, firstPage }: Fragment): WbxmlElement {
  // ApplicationData of code page 0 around the fragment, which begins on a page of its own.
  const open = [0x03, 0x01, 0x6a, 0x00, bytes.length === 0 ? 0x1d : 0x5d];
  const close = bytes.length === 0 ? [] : [0x01];
  const page = bytes.length === 0 ? [] : [0x00, firstPage];
  return parseDocument(Buffer.from([...open, ...page, ...bytes, ...close]));
}

export const change = (ServerId: string, email: Partial<Email>) =>
  ({ tag: 'Change', value: { ServerId, ApplicationData: dataOf(email) } }) as const;
export const add = (ClientId: string, email: Partial<Email>) =>
  ({ tag: 'Add', value: { ClientId, ApplicationData: dataOf(email) } }) as const;

/** Mail that clients may add: the subject is all that counts. */
export const writable = (base: SyncItemClass): SyncItemClass => ({
  ...base,
  async create({ seed, data, now }) {
    const { Subject = '' } = decodeElement(Email, data, 141);
    const content = emailContent(seed, { subject: Subject, read: true, received: now });
    return { id: ulidFor(now - (now % 3_600_000), seed), class: 'Email', content };
  },
});

export const remove = (ServerId: string) => ({ tag: 'Delete', value: { ServerId } }) as const;
export const fetchOf = (ServerId: string) => ({ tag: 'Fetch', value: { ServerId } }) as const;
