/** A mailbox, the commands of its folders, and devices whose documents go through the codec both ways. */
import { createFolderCreate } from '../../lib/commands/folder-create.ts';
import { createFolderDelete } from '../../lib/commands/folder-delete.ts';
import { createFolderSync } from '../../lib/commands/folder-sync.ts';
import { createFolderUpdate } from '../../lib/commands/folder-update.ts';
import { createMoveItems } from '../../lib/commands/move-items.ts';
import type { FolderCreateRequest } from '../../lib/documents/folder-create.ts';
import type { FolderSyncResponse } from '../../lib/documents/folder-sync.ts';
import type { FolderUpdateRequest } from '../../lib/documents/folder-update.ts';
import type { MoveItemsRequest } from '../../lib/documents/move-items.ts';
import type { Account, Device } from '../../lib/identity/types.ts';
import type { DeviceId } from '../../lib/ops/ids.ts';
import { silentLog } from '../../lib/ops/log.ts';
import type { Command, ExtraHeaders } from '../../lib/protocol/command.ts';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import type { Table } from '../../lib/store/ports.ts';
import { HierarchyStates } from '../../lib/sync/hierarchy-states.ts';
import { SyncStates } from '../../lib/sync/states.ts';
import { DEFAULT_LIMITS, decode, encode } from '../../lib/wbxml/index.ts';
import { ALICE, openTestMailbox, type TestMailbox } from './mailboxes.ts';
import type { StoreKind } from './stores.ts';

export const REINITIALIZE = { 'X-MS-RP': '14.1', 'MS-ASProtocolVersions': '14.1', 'MS-ASProtocolCommands': 'Sync' };

export interface FolderWorld extends TestMailbox {
  readonly table: Table;
  readonly states: HierarchyStates;
  readonly syncStates: SyncStates;
  phone(id?: string, version?: ProtocolVersion): FolderPhone;
}

export async function openFolderWorld(
  input: { readonly kind?: StoreKind; readonly wrap?: (table: Table) => Table } = {},
): Promise<FolderWorld> {
  let table: Table | undefined;
  const wrap = (inner: Table) => {
    table = input.wrap ? input.wrap(inner) : inner;
    return table;
  };
  const box = await openTestMailbox({ kind: input.kind, wrap });
  const states = new HierarchyStates(table!, box.mailboxes);
  const syncStates = new SyncStates(table!);
  const world = { ...box, table: table!, states, syncStates };
  return { ...world, phone: (id = 'phone', version = 141) => new FolderPhone(world, id as DeviceId, version) };
}

/** A device that holds folders as it was told of them, and asks with the last key that it was given. */
export class FolderPhone {
  key = '0';
  /** ServerId to `ParentId/DisplayName/Type`. */
  readonly folders = new Map<string, string>();
  /** Headers of the last answer. */
  headers: ExtraHeaders | undefined;
  readonly #world: Omit<FolderWorld, 'phone'>;
  readonly #id: DeviceId;
  readonly #version: ProtocolVersion;

  constructor(world: Omit<FolderWorld, 'phone'>, id: DeviceId, version: ProtocolVersion) {
    this.#world = world;
    this.#id = id;
    this.#version = version;
  }

  get id(): DeviceId {
    return this.#id;
  }

  /** Sends FolderSync; the answer is not taken in. */
  ask(SyncKey: string | undefined = this.key): Promise<FolderSyncResponse> {
    const { states } = this.#world;
    return this.#send(createFolderSync({ states, reinitialize: () => REINITIALIZE }), { SyncKey });
  }

  /** A FolderSync without a key. */
  askWithoutKey(): Promise<FolderSyncResponse> {
    const { states } = this.#world;
    return this.#send(createFolderSync({ states, reinitialize: () => REINITIALIZE }), {});
  }

  /** FolderSync, taken in. @throws when the answer does not fit what the device has */
  async sync(): Promise<FolderSyncResponse> {
    const first = this.key === '0';
    const answer = await this.ask();
    if (first) this.folders.clear();
    this.take(answer);
    return answer;
  }

  take({ Status, SyncKey, Changes }: FolderSyncResponse): void {
    if (Status !== 1 || !Changes || !SyncKey) throw new Error(`FolderSync says ${Status}`);
    for (const { ServerId, ParentId, DisplayName, Type } of Changes.Add ?? []) {
      if (this.folders.has(ServerId)) throw new Error('a folder is added twice');
      if (ParentId !== '0' && !this.folders.has(ParentId)) throw new Error('a folder is added before its parent');
      this.folders.set(ServerId, `${ParentId}/${DisplayName}/${Type}`);
    }
    for (const { ServerId, ParentId, DisplayName, Type } of Changes.Update ?? []) {
      if (!this.folders.has(ServerId)) throw new Error('an unknown folder is updated');
      this.folders.set(ServerId, `${ParentId}/${DisplayName}/${Type}`);
    }
    for (const { ServerId } of Changes.Delete ?? []) {
      if (!this.folders.delete(ServerId)) throw new Error('an unknown folder is deleted');
    }
    this.key = SyncKey;
  }

  create(over: Partial<FolderCreateRequest> = {}) {
    const request = { SyncKey: this.key, ParentId: '0', DisplayName: 'New', Type: 12, ...over };
    return this.#send(createFolderCreate(this.#world.states), request);
  }

  update(over: FolderUpdateRequest) {
    return this.#send(createFolderUpdate(this.#world.states), { SyncKey: this.key, ParentId: '0', ...over });
  }

  delete(ServerId: string | undefined, SyncKey: string | undefined = this.key) {
    return this.#send(createFolderDelete(this.#world.states), { SyncKey, ServerId });
  }

  move(...Move: MoveItemsRequest['Move']) {
    return this.#send(createMoveItems(this.#world.syncStates), { Move });
  }

  /** The command as it comes from the wire: anything may be missing. */
  async #send<Request, Response>(command: Command<Request, Response>, request: Request): Promise<Response> {
    const version = this.#version;
    const sent = decode(command.request, encode(command.request, request, version), version, DEFAULT_LIMITS);
    const result = await command.run(
      {
        version,
        account: { id: ALICE } as Account,
        mailbox: this.#world.mailbox,
        device: { id: this.#id } as Device,
        query: { command: command.name, deviceId: this.#id, deviceType: 'test', encoding: 'plain' },
        policyKey: undefined,
        userAgent: undefined,
        lane: 'task',
        requestId: 'r',
        clock: this.#world.clock,
        log: silentLog,
        signal: new AbortController().signal,
      },
      sent,
    );
    if (result.kind !== 'document') throw new Error(`the answer is ${result.kind}`);
    this.headers = result.headers;
    return decode(command.response, encode(command.response, result.document, version), version, DEFAULT_LIMITS);
  }
}
