import { FolderSyncRequest, FolderSyncResponse } from '../../../lib/documents/folder-sync.ts';
import { PingRequest, PingResponse } from '../../../lib/documents/ping.ts';
import type { EasRequest, EasResponse, Held } from '../../../lib/http/types.ts';
import type { Account, AuthResult, Device, PolicyRefusal } from '../../../lib/identity/types.ts';
import type { Mailbox } from '../../../lib/mailbox/types.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import type { Log, LogFields } from '../../../lib/ops/log.ts';
import {
  type Command,
  type CommandContext,
  type CommandResult,
  document,
  ProtocolFailure,
} from '../../../lib/protocol/command.ts';
import { type ProtocolVersion, versionName } from '../../../lib/protocol/versions.ts';
import type { HoldSpec, Outcome } from '../../../lib/push/types.ts';
import { createServer, type ServerDeps } from '../../../lib/server.ts';
import { decode, encode } from '../../../lib/wbxml/index.ts';
import { FakeClock } from '../../support/fake-clock.ts';

export const ACCOUNT: Account = {
  id: 'm1' as MailboxId,
  address: 'ann@example.com',
  aliases: ['a.smith@example.com'],
  name: 'Ann',
  enabled: true,
  easEnabled: true,
  credentialVersion: 1,
};
export const BASIC = `Basic ${Buffer.from('ann@example.com:secret').toString('base64')}`;

type Answer<Q, R> = (context: CommandContext, request: Q | undefined) => Promise<CommandResult<R>> | CommandResult<R>;

/** What stands in for the world; a test replaces what it is about. */
export class Harness {
  readonly clock = new FakeClock();
  readonly lines: { level: string; event: string; fields?: LogFields }[] = [];
  readonly touched: unknown[] = [];
  readonly gateAsked: unknown[] = [];
  readonly saved: Partial<Device>[] = [];
  auth: AuthResult | ((authorization: string | undefined) => AuthResult) = { ok: true, account: ACCOUNT };
  device: Partial<Device> = {};
  refusal: PolicyRefusal | undefined;
  held: { spec: HoldSpec<unknown>; end(outcome: Outcome): Promise<EasResponse> } | undefined;
  folderSync: Answer<FolderSyncRequest, FolderSyncResponse> = (_, request) =>
    document({ Status: 1, SyncKey: `${request?.SyncKey}!` });
  ping: Answer<PingRequest, PingResponse> = () => document({ Status: 1 });
  overrides: Partial<ServerDeps> = {};

  get handler() {
    return createServer({ ...this.#deps(), ...this.overrides });
  }

  #deps(): ServerDeps {
    return {
      commands: this.commands(),
      authenticator: {
        authenticate: async ({ authorization }) =>
          typeof this.auth === 'function' ? this.auth(authorization) : this.auth,
      },
      devices: {
        touch: async (mailbox, seen) => {
          this.touched.push({ mailbox, ...seen });
          return { ...seen, firstSeen: 1, lastSeen: 1, ...this.device };
        },
        save: async (_mailbox, id, patch) => {
          this.saved.push(patch);
          return { id, type: '', firstSeen: 1, lastSeen: 1, ...this.device, ...patch };
        },
      },
      policyGate: {
        check: async (account, device, version, key) => {
          this.gateAsked.push([account.id, device.id, version, key]);
          return this.refusal;
        },
      },
      mailboxes: { open: (id) => ({ id }) as unknown as Mailbox },
      holder: { hold: (spec, encodeAnswer) => this.#hold(spec, encodeAnswer) },
      clock: this.clock,
      log: this.#log(),
      lane: 'task',
    };
  }

  #hold<T>(spec: HoldSpec<T>, encodeAnswer: (value: T) => EasResponse): Held {
    let sink: ((response: EasResponse) => void) | undefined;
    const end = async (outcome: Outcome) => {
      const response = encodeAnswer(await spec.answer(outcome));
      sink?.(response);
      return response;
    };
    this.held = { spec, end };
    return {
      kind: 'held',
      key: 'k',
      deadline: spec.deadline,
      complete: (given) => {
        sink = given;
      },
      abandon() {},
    };
  }

  #log(): Log {
    const at = (level: string) => (event: string, fields?: LogFields) => void this.lines.push({ level, event, fields });
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }

  commands() {
    const folderSync: Command<FolderSyncRequest, FolderSyncResponse> = {
      name: 'FolderSync',
      code: 9,
      request: FolderSyncRequest,
      response: FolderSyncResponse,
      body: 'required',
      needsPolicy: true,
      run: async (context, request) => this.folderSync(context, request),
      failure: (Status) => ({ Status }),
    };
    const ping: Command<PingRequest, PingResponse> = {
      name: 'Ping',
      code: 18,
      request: PingRequest,
      response: PingResponse,
      body: 'optional',
      needsPolicy: false,
      run: async (context, request) => this.ping(context, request),
      failure: (Status) => ({ Status }),
    };
    return [ping, folderSync];
  }

  /** The answer to a request; a held one is a failure of the test. */
  async send(request: Partial<EasRequest> = {}, signal = new AbortController().signal): Promise<EasResponse> {
    const answer = await this.handler(post(request), signal);
    if ('kind' in answer) throw new Error('held');
    return answer;
  }

  /** The same in a version, FolderSync by default. */
  sendAs(version: ProtocolVersion, request: Partial<EasRequest> = {}): Promise<EasResponse> {
    const headers = { ...HEADERS, 'ms-asprotocolversion': versionName(version), ...request.headers };
    return this.send({ ...request, headers });
  }
}

export const HEADERS = {
  authorization: BASIC,
  'ms-asprotocolversion': '14.1',
  'content-type': 'application/vnd.ms-sync.wbxml',
};
export const FOLDER_SYNC = encode(FolderSyncRequest, { SyncKey: '0' }, 141);
export const QUERY = 'Cmd=FolderSync&User=ann&DeviceId=Dev1&DeviceType=iPhone';

export function post(request: Partial<EasRequest> = {}): EasRequest {
  return {
    method: 'POST',
    path: '/Microsoft-Server-ActiveSync',
    query: QUERY,
    headers: HEADERS,
    body: FOLDER_SYNC,
    source: '192.0.2.1',
    origin: 'http://mail.example.com',
    ...request,
  };
}

export const bytesOf = (response: EasResponse) => response.body as Uint8Array;
export const folderSyncOf = (response: EasResponse) => decode(FolderSyncResponse, bytesOf(response), 141);
export const pingOf = (response: EasResponse) => decode(PingResponse, bytesOf(response), 141);

/** A failure as a command throws it. */
export const fails = (status: number) => () => Promise.reject(new ProtocolFailure(status, 'as the test says'));

export function named(name: string): Error {
  const error = new Error('with content: secret subject');
  error.name = name;
  return error;
}
