import type { FolderSyncResponse } from '../documents/folder-sync.ts';
import { Email } from '../documents/items/email.ts';
import type { SyncRequest, SyncResponse } from '../documents/sync.ts';
import { decodeElement, type WbxmlElement } from '../wbxml/index.ts';
import { type ClientOptions, EasClient } from './client.ts';

type Collection = NonNullable<SyncRequest['Collections']>['Collection'][number];
type Answered = NonNullable<SyncResponse['Collections']>['Collection'][number];

export interface PhoneFolder {
  readonly id: string;
  name: string;
  parent: string;
  type: number;
  syncKey: string;
  readonly items: Map<string, Email>;
}

/** What a sync brought, in the order in which it came. */
export interface Arrivals {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly deleted: readonly string[];
  readonly status: number;
  readonly more: boolean;
}

const NOTHING: Arrivals = { added: [], changed: [], deleted: [], status: 1, more: false };

/** A phone that keeps what it was told: folders and mails, as a well-behaved client would show them. */
export class Phone {
  readonly client: EasClient;
  readonly folders = new Map<string, PhoneFolder>();
  hierarchyKey = '0';
  /** What every Sync asks for. */
  collectionOptions: Partial<Collection> = {};

  constructor(options: ClientOptions) {
    this.client = new EasClient(options);
  }

  /** Provision where the server demands it, then the folder list. */
  async start(): Promise<void> {
    await this.provision();
    await this.syncFolders();
  }

  /** Two phases (MS-ASPROV 3.1.5.1); nothing to acknowledge where no policy is demanded. */
  async provision(): Promise<void> {
    // 2.5 takes its policy as text; the other form came with 12.0 (MS-ASPROV 2.2.2.43).
    const wap = this.client.version < 120;
    const policy = { PolicyType: wap ? 'MS-WAP-Provisioning-XML' : 'MS-EAS-Provisioning-WBXML' };
    const first = await this.client.provision({
      ...(this.client.version >= 141
        ? { DeviceInformation: { Set: { Model: 'Direct Push client', OS: 'Direct Push' } } }
        : {}),
      Policies: { Policy: [policy] },
    } as Parameters<EasClient['provision']>[0]);
    const offered = first.document?.Policies?.Policy?.[0];
    if (!offered?.PolicyKey || offered.Status !== 1) return;
    this.client.policyKey = String(offered.PolicyKey);
    const second = await this.client.provision({
      Policies: { Policy: [{ ...policy, PolicyKey: offered.PolicyKey, Status: 1 }] },
    } as Parameters<EasClient['provision']>[0]);
    const final = second.document?.Policies?.Policy?.[0];
    if (final?.Status === 1 && final.PolicyKey) this.client.policyKey = String(final.PolicyKey);
  }

  async syncFolders(): Promise<FolderSyncResponse> {
    const { document, status } = await this.client.folderSync({ SyncKey: this.hierarchyKey });
    if (!document) throw new Error(`FolderSync: HTTP ${status}`);
    if (document.Status !== 1) return document;
    this.hierarchyKey = document.SyncKey ?? this.hierarchyKey;
    for (const { ServerId, DisplayName, ParentId, Type } of document.Changes?.Add ?? []) {
      const folder = { id: ServerId, name: DisplayName, parent: ParentId, type: Type };
      this.folders.set(ServerId, { ...folder, syncKey: '0', items: new Map() });
    }
    for (const { ServerId, DisplayName, ParentId } of document.Changes?.Update ?? []) {
      Object.assign(this.folders.get(ServerId)!, { name: DisplayName, parent: ParentId });
    }
    for (const { ServerId } of document.Changes?.Delete ?? []) this.folders.delete(ServerId);
    return document;
  }

  folder(type: number): PhoneFolder {
    const found = [...this.folders.values()].find((each) => each.type === type);
    if (!found) throw new Error(`the server showed no folder of type ${type}`);
    return found;
  }
  get inbox(): PhoneFolder {
    return this.folder(2);
  }

  /** One Sync of one folder. */
  async sync(folder: PhoneFolder, more: Partial<Collection> = {}): Promise<Arrivals> {
    const first = folder.syncKey === '0';
    const collection = {
      SyncKey: folder.syncKey,
      CollectionId: folder.id,
      ...(first ? {} : { GetChanges: true }),
      ...this.collectionOptions,
      ...more,
    } as Collection;
    const answer = await this.client.sync({ Collections: { Collection: [collection] } });
    if (answer.status !== 200) throw new Error(`Sync: HTTP ${answer.status}`);
    const answered = answer.document?.Collections?.Collection?.[0];
    if (!answered) return { ...NOTHING, status: answer.document?.Status ?? 1 };
    return this.apply(folder, answered);
  }

  /** First sync and everything that is waiting. */
  async drain(folder: PhoneFolder, rounds = 1_000): Promise<Arrivals> {
    const all = { added: [] as string[], changed: [] as string[], deleted: [] as string[] };
    for (let round = 0; round < rounds; round++) {
      const first = folder.syncKey === '0';
      const { added, changed, deleted, status, more } = await this.sync(folder);
      all.added.push(...added);
      all.changed.push(...changed);
      all.deleted.push(...deleted);
      if (status !== 1) return { ...all, status, more };
      if (!first && !more) return { ...all, status, more };
    }
    throw new Error(`Sync of ${folder.id} did not end after ${rounds} rounds`);
  }

  apply(folder: PhoneFolder, answered: Answered): Arrivals {
    const status = answered.Status ?? 1;
    if (status === 3) {
      folder.syncKey = '0';
      folder.items.clear();
    }
    if (answered.SyncKey && status === 1) folder.syncKey = answered.SyncKey;
    const arrivals = { added: [] as string[], changed: [] as string[], deleted: [] as string[] };
    for (const command of answered.Commands ?? []) {
      const id = command.value.ServerId as string;
      if (command.tag === 'Delete' || command.tag === 'SoftDelete') {
        folder.items.delete(id);
        arrivals.deleted.push(id);
      } else {
        const data = decodeElement(
          Email,
          (command.value as { ApplicationData: WbxmlElement }).ApplicationData,
          this.client.version,
        );
        if (command.tag === 'Add') {
          if (folder.items.has(id)) throw new Error(`${id} was added twice`);
          folder.items.set(id, data);
          arrivals.added.push(id);
        } else {
          folder.items.set(id, { ...folder.items.get(id), ...data });
          arrivals.changed.push(id);
        }
      }
    }
    return { ...arrivals, status, more: answered.MoreAvailable ?? false };
  }

  /** Resolves when the server answers: with a change, at the end of the heartbeat, or on abort by rejecting. */
  ping(folders: readonly PhoneFolder[], heartbeat = 480, signal?: AbortSignal) {
    const Folder = folders.map(({ id }) => ({ Id: id, Class: 'Email' as const }));
    return this.client.ping({ HeartbeatInterval: heartbeat, Folders: { Folder } }, signal);
  }
}
