import type http from 'node:http';
import {
  SendMailRequest,
  SendMailResponse,
  SmartForwardRequest,
  SmartForwardResponse,
  SmartReplyRequest,
  SmartReplyResponse,
} from '../documents/compose-mail.ts';
import { FolderSyncRequest, FolderSyncResponse } from '../documents/folder-sync.ts';
import { PingRequest, PingResponse } from '../documents/ping.ts';
import { ProvisionRequest, ProvisionResponse } from '../documents/provision.ts';
import { SyncRequest, SyncResponse } from '../documents/sync.ts';
import { type ProtocolVersion, versionName } from '../protocol/versions.ts';
import { decode, encode } from '../wbxml/index.ts';
import type { Schema } from '../wbxml/schema.ts';
import { base64Query, type CommandParameters, plainQuery, type QueryParts } from './query.ts';
import { type Answer, exchange } from './transport.ts';

export interface ClientOptions {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly deviceId?: string;
  readonly deviceType?: string;
  readonly userAgent?: string;
  readonly version?: ProtocolVersion;
  /** How the query is written: Windows Mail and Windows Phone write base64. */
  readonly query?: 'plain' | 'base64';
  readonly gzip?: boolean;
  readonly agent?: http.Agent;
  readonly ca?: string | string[];
  /** Sees every answer that carries WBXML; the end-to-end tests validate it against Microsoft's schemas. */
  readonly onAnswer?: (command: string, version: ProtocolVersion, body: Uint8Array) => void | Promise<void>;
}

export interface CommandAnswer<T> extends Answer {
  /** Absent when the body was empty or the status is not 200. */
  readonly document?: T;
}

export type ComposeCommand = 'SendMail' | 'SmartReply' | 'SmartForward';
export type ComposeAnswer = Answer & { readonly document?: { readonly Status?: number } };
export interface ComposeParts {
  readonly mime?: Uint8Array;
  readonly save?: boolean;
  readonly source?: Pick<CommandParameters, 'CollectionId' | 'ItemId' | 'LongId'>;
  readonly ClientId?: string;
  readonly AccountId?: string;
  readonly TemplateID?: string;
  readonly ReplaceMime?: boolean;
  readonly Source?: object;
  readonly Forwardees?: object;
  readonly Body?: object;
}
const COMPOSE = {
  SendMail: [SendMailRequest, SendMailResponse],
  SmartReply: [SmartReplyRequest, SmartReplyResponse],
  SmartForward: [SmartForwardRequest, SmartForwardResponse],
} as const;

/** A device as the protocol sees it. It keeps nothing but its policy key; `Phone` keeps a mailbox. */
export class EasClient {
  readonly options: Required<Omit<ClientOptions, 'agent' | 'ca' | 'onAnswer'>> & ClientOptions;
  policyKey = '0';

  constructor(options: ClientOptions) {
    this.options = {
      deviceId: 'DPTEST0000000001',
      deviceType: 'DirectPushClient',
      userAgent: 'DirectPush-Client/1.0',
      version: 161,
      query: 'plain',
      gzip: false,
      ...options,
    };
  }

  get version(): ProtocolVersion {
    return this.options.version;
  }

  discover(): Promise<Answer> {
    return exchange({
      url: this.#url(''),
      method: 'OPTIONS',
      headers: this.#identity(),
      agent: this.options.agent,
      ca: this.options.ca,
    });
  }

  /** Sends bytes as they are: what hostile and odd clients do. */
  raw(
    command: string,
    body?: Uint8Array,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
    parameters?: CommandParameters,
  ): Promise<Answer> {
    const parts: QueryParts = {
      command,
      user: this.options.user,
      deviceId: this.options.deviceId,
      deviceType: this.options.deviceType,
      version: this.version,
      policyKey: this.policyKey === '0' ? undefined : this.policyKey,
      parameters,
    };
    const plain = this.options.query === 'plain';
    return exchange({
      url: this.#url(plain ? plainQuery(parts) : base64Query(parts)),
      headers: {
        ...this.#identity(),
        ...(plain ? { 'MS-ASProtocolVersion': versionName(this.version), ...this.#policy(command) } : {}),
        ...(body ? { 'Content-Type': 'application/vnd.ms-sync.wbxml' } : {}),
        'Accept-Encoding': 'gzip',
        ...headers,
      },
      body,
      gzip: this.options.gzip,
      agent: this.options.agent,
      ca: this.options.ca,
      signal,
    });
  }

  async command<Q, A>(
    command: string,
    request: Schema<Q>,
    value: Q | undefined,
    response: Schema<A>,
    signal?: AbortSignal,
  ): Promise<CommandAnswer<A>> {
    const body = value === undefined ? undefined : encode(request, value, this.version);
    const answer = await this.raw(command, body, {}, signal);
    if (answer.status !== 200 || answer.body.length === 0) return answer;
    await this.options.onAnswer?.(command, this.version, answer.body);
    return { ...answer, document: decode(response, answer.body, this.version) };
  }

  ping(value?: Parameters<typeof this.command<PingRequest, PingResponse>>[2], signal?: AbortSignal) {
    return this.command('Ping', PingRequest, value, PingResponse, signal);
  }
  sync(value?: SyncRequest, signal?: AbortSignal) {
    return this.command('Sync', SyncRequest, value, SyncResponse, signal);
  }
  folderSync(value: FolderSyncRequest) {
    return this.command('FolderSync', FolderSyncRequest, value, FolderSyncResponse);
  }
  provision(value?: ProvisionRequest) {
    return this.command('Provision', ProvisionRequest, value, ProvisionResponse);
  }

  /** SendMail and its kin: the message itself up to 12.1, a document around it since. */
  async compose(command: ComposeCommand, { mime, save, source, ...rest }: ComposeParts): Promise<ComposeAnswer> {
    if (this.version < 140) {
      const parameters = { ...source, SaveInSent: save };
      return await this.raw(command, mime, { 'Content-Type': 'message/rfc822' }, undefined, parameters);
    }
    const { CollectionId: FolderId, ItemId, LongId } = source ?? {};
    const Source = command === 'SendMail' ? undefined : { FolderId, ItemId, LongId };
    const value = { ClientId: 'c1', SaveInSentItems: save ?? false, ReplaceMime: false, Mime: mime, Source, ...rest };
    const [request, response] = COMPOSE[command];
    return await this.command(command, request as Schema<typeof value>, value, response as Schema<{ Status?: number }>);
  }

  #url(query: string): URL {
    const url = new URL('/Microsoft-Server-ActiveSync', this.options.url);
    url.search = query;
    return url;
  }

  #identity(): Record<string, string> {
    const login = Buffer.from(`${this.options.user}:${this.options.password}`).toString('base64');
    return { Authorization: `Basic ${login}`, 'User-Agent': this.options.userAgent };
  }

  /** No client sends a policy key with Ping (MS-ASPROV R61103). */
  #policy(command: string): Record<string, string> {
    return command === 'Ping' ? {} : { 'X-MS-PolicyKey': this.policyKey };
  }
}
