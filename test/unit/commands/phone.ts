import { createProvision } from '../../../lib/commands/provision.ts';
import { createSettings } from '../../../lib/commands/settings.ts';
import { oofStore } from '../../../lib/delivery/oof/settings.ts';
import type { ProvisionRequest, ProvisionResponse } from '../../../lib/documents/provision.ts';
import type { SettingsRequest, SettingsResponse } from '../../../lib/documents/settings.ts';
import { createPolicyGate } from '../../../lib/identity/policy-gate.ts';
import { createRecovery } from '../../../lib/identity/recovery.ts';
import type { Account, Device } from '../../../lib/identity/types.ts';
import { createVault, type Vault } from '../../../lib/identity/vault.ts';
import type { DeviceId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { type Command, type CommandContext, ProtocolFailure } from '../../../lib/protocol/command.ts';
import { type ProtocolVersion, SUPPORTED_VERSIONS } from '../../../lib/protocol/versions.ts';
import { DEFAULT_LIMITS, decode, encode } from '../../../lib/wbxml/index.ts';
import { openWorld, type World } from '../identity/support.ts';

/** Versions whose policies are documents with every setting; 2.5 and 12.0 have tests of their own. */
export const DOCUMENT_VERSIONS = SUPPORTED_VERSIONS.filter((version) => version >= 121);
export { SUPPORTED_VERSIONS as ALL_VERSIONS } from '../../../lib/protocol/versions.ts';

export const WBXML_POLICY = 'MS-EAS-Provisioning-WBXML';
export const WAP_POLICY = 'MS-WAP-Provisioning-XML';

/** What a device tells of itself in its first Provision. */
export const INFORMATION = { Set: { Model: 'iPhone17,1', OS: 'iOS 19', IMEI: '356938035643809' } };

/** A device in front of the commands: what it asks goes through the codec in both directions, as on the wire. */
export class Phone {
  readonly world: World;
  readonly account: Account;
  version: ProtocolVersion;
  /** The X-MS-PolicyKey that it sends. */
  policyKey: string | undefined = '0';
  readonly id: DeviceId;
  /** What seals its recovery password; `undefined` for a server without a key. */
  vault: Vault | undefined = createVault(async () => new Uint8Array(32));
  readonly #keys: string[] = [];

  constructor(world: World, account: Account, version: ProtocolVersion = 161, id = 'phone1') {
    this.world = world;
    this.account = account;
    this.version = version;
    this.id = id as DeviceId;
  }

  /** Keys that the server gave, in order. */
  get keys(): readonly string[] {
    return this.#keys;
  }

  device(): Promise<Device> {
    return this.world.devices.touch(this.account.id, { id: this.id, type: 'iPhone', version: this.version });
  }

  async provision(request?: ProvisionRequest): Promise<ProvisionResponse> {
    const { devices, policies } = this.world;
    const response = await this.#ask(createProvision({ devices, policies }), request);
    const key = response.Policies?.Policy[0]?.PolicyKey;
    if (key !== undefined) this.#keys.push(key);
    return response;
  }

  settings(request: SettingsRequest): Promise<SettingsResponse> {
    const { devices, policies, table, clock } = this.world;
    const recovery = createRecovery({ devices, policies, vault: this.vault });
    return this.#ask(createSettings({ devices, recovery, oof: oofStore(table, clock) }), request);
  }

  /** What the gate says to any other command; `undefined` lets it run. */
  async refusal(): Promise<number | undefined> {
    const account = (await this.world.accounts.get(this.account.id))!;
    const gate = createPolicyGate(this.world.policies);
    return gate.check(account, await this.device(), this.version, this.policyKey);
  }

  get policyType(): string {
    return this.version < 120 ? WAP_POLICY : WBXML_POLICY;
  }

  /** First phase. */
  initial(PolicyType: string | undefined = this.policyType): Promise<ProvisionResponse> {
    const information = this.version >= 141 ? { DeviceInformation: INFORMATION } : {};
    return this.provision({ ...information, Policies: { Policy: [{ PolicyType }] } });
  }

  /** Second phase. */
  acknowledge(PolicyKey: string | undefined, Status = 1): Promise<ProvisionResponse> {
    return this.provision({ Policies: { Policy: [{ PolicyType: this.policyType, PolicyKey, Status }] } });
  }

  /** Both phases; sends the final key from then on. */
  async comply(): Promise<void> {
    await this.initial();
    await this.acknowledge(this.keys.at(-1));
    this.policyKey = this.keys.at(-1);
  }

  async #ask<Request, Response>(command: Command<Request, Response>, request: Request | undefined): Promise<Response> {
    const account = (await this.world.accounts.get(this.account.id))!;
    const context: CommandContext = {
      version: this.version,
      account,
      mailbox: this.world.mailboxes.open(account.id),
      device: await this.device(),
      query: { command: command.name, deviceId: this.id, deviceType: 'iPhone', encoding: 'plain' },
      policyKey: this.policyKey,
      userAgent: 'Apple-iPhone/1',
      lane: 'task',
      requestId: 'r',
      clock: this.world.clock,
      log: silentLog,
      signal: new AbortController().signal,
    };
    const sent =
      request && decode(command.request, encode(command.request, request, this.version), this.version, DEFAULT_LIMITS);
    const result = await command.run(context, sent);
    if (result.kind !== 'document') throw new Error(`the answer is ${result.kind}`);
    return decode(
      command.response,
      encode(command.response, result.document, this.version),
      this.version,
      DEFAULT_LIMITS,
    );
  }
}

/** The common status code with which the command ends (HTTP for versions before 14.0). */
export async function failureOf(answer: Promise<unknown>): Promise<number | undefined> {
  try {
    await answer;
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolFailure) return error.status;
    throw error;
  }
}

export async function phone(version: ProtocolVersion = 161, id?: string): Promise<Phone> {
  const world = await openWorld();
  const account = await world.accounts.create({ address: 'ada@example.com', name: 'Ada', aliases: ['a@x.org'] });
  return new Phone(world, account, version, id);
}
