import { randomInt } from 'node:crypto';
import { ProvisionRequest, ProvisionResponse } from '../documents/provision.ts';
import { isTestDevice } from '../identity/devices.ts';
import type { Policies } from '../identity/policies.ts';
import { NO_DEMANDS, type Policy, policyDocument } from '../identity/policy.ts';
import { isWipePending, NO_POLICY_HASH } from '../identity/policy-gate.ts';
import type { Device, Devices } from '../identity/types.ts';
import { wapDocument } from '../identity/wap-policy.ts';
import { type Command, type CommandContext, document, ProtocolFailure } from '../protocol/command.ts';
import type { ProtocolVersion } from '../protocol/versions.ts';
import { storeDeviceInformation } from './device-information.ts';
import { PolicyStatus, ProvisionStatus } from './provision-status.ts';
import { acknowledgeWipe, directWipe } from './wipe.ts';

export interface ProvisionDeps {
  readonly devices: Pick<Devices, 'save' | 'replace'>;
  readonly policies: Pick<Policies, 'forAccount'>;
  /** A fresh policy key; for tests. */
  readonly newKey?: () => string;
}

type Asked = NonNullable<ProvisionRequest['Policies']>['Policy'][number];
type Answered = NonNullable<ProvisionResponse['Policies']>['Policy'][number];

const SUCCESS: ProvisionResponse = { Status: ProvisionStatus.Success };
const PROTOCOL_ERROR: ProvisionResponse = { Status: ProvisionStatus.Protocol };
const WBXML = 'MS-EAS-Provisioning-WBXML';
/** Of 2.5, which has no other (MS-ASPROV 2.2.2.43). */
const WAP = 'MS-WAP-Provisioning-XML';
const LAST_WITH_WAP: ProtocolVersion = 25;

/** MS-ASPROV. Asks for no policy key itself: it is how a device gets one. */
export function createProvision(deps: ProvisionDeps): Command<ProvisionRequest, ProvisionResponse> {
  const provision = { ...deps, newKey: deps.newKey ?? newPolicyKey };
  return {
    name: 'Provision',
    code: 20,
    request: ProvisionRequest,
    response: ProvisionResponse,
    body: 'optional',
    needsPolicy: false,
    run: async (context, request = {}) => document(await answer(provision, context, request)),
    failure: (status) => ({ Status: status }),
  };
}

type Provision = Required<ProvisionDeps>;

async function answer(deps: Provision, context: CommandContext, request: ProvisionRequest): Promise<ProvisionResponse> {
  const wiped = await acknowledgeWipe(deps.devices, context, request);
  if (wiped) return wiped;
  if (isWipePending(context.device)) return directWipe(deps.devices, context);
  if (context.device.blocked || context.device.wipe)
    throw new ProtocolFailure(ProvisionStatus.DeviceBlocked, 'the device is blocked');

  const { Policies: policies, DeviceInformation: information } = request;
  // Empty: what a device asks that was told of a wipe, when there is none (R493).
  if (!policies && !information) return SUCCESS;
  const asked = policies?.Policy[0];
  if (asked?.PolicyType === undefined) return PROTOCOL_ERROR;
  if (asked.Status !== undefined) return acknowledge(deps, context, { ...asked, PolicyType: asked.PolicyType });

  if (information?.Set) await storeDeviceInformation(deps.devices, context, information.Set);
  else if (isInformationDue(context))
    throw new ProtocolFailure(ProvisionStatus.InformationRequired, 'DeviceInformation is missing');
  const policy = await initial(deps, context, asked.PolicyType);
  // Before 14.1 Provision has no DeviceInformation; what came nevertheless is kept and not answered.
  const told = information && context.version >= 141 ? { DeviceInformation: { Status: information.Set ? 1 : 2 } } : {};
  return { ...told, Status: ProvisionStatus.Success, Policies: { Policy: [policy] } };
}

/** From 14.1 on the first Provision must tell of the device (MS-ASPROV 2.2.2.53). Whoever told already is not asked again. */
function isInformationDue({ version, device }: CommandContext): boolean {
  return version >= 141 && device.information === undefined;
}

/** First phase: the policy, under a key that is good for nothing but its acknowledgement (R650). */
async function initial(deps: Provision, context: CommandContext, type: string): Promise<Answered> {
  const { account, device, version } = context;
  const refused = refusedType(type, version);
  if (refused) return refused;
  const applied = await deps.policies.forAccount(account);
  if (applied.kind === 'missing') return { PolicyType: type, Status: PolicyStatus.NoPolicy };
  if (applied.kind === 'corrupt') return { PolicyType: type, Status: PolicyStatus.Corrupt };
  const policy = applied.kind === 'policy' ? applied.policy : undefined;
  const hash = applied.kind === 'policy' ? applied.render(version).hash : NO_POLICY_HASH;
  const data = type === WAP ? { LegacyData: wapDocument(policy?.settings ?? {}) } : documentData(policy, device);
  const key = deps.newKey();
  await deps.devices.save(account.id, device.id, { temporaryPolicyKey: key, temporaryPolicyHash: hash });
  return { PolicyType: type, Status: PolicyStatus.Success, PolicyKey: key, ...data };
}

/** A device that never had to comply with anything is sent no list of what it need not do. */
function documentData(policy: Policy | undefined, device: Device): Pick<Answered, 'Data'> {
  const EASProvisionDoc = policy || hadDemands(device) ? policyDocument(policy?.settings ?? {}) : NO_DEMANDS;
  return { Data: { EASProvisionDoc } };
}

const hadDemands = ({ policyHash }: Device) => policyHash !== undefined && policyHash !== NO_POLICY_HASH;

/** One type nobody knows, in the other this version has no policies. */
function refusedType(type: string, version: ProtocolVersion): Answered | undefined {
  if (type === (version <= LAST_WITH_WAP ? WAP : WBXML)) return undefined;
  const Status = type === WAP || type === WBXML ? PolicyStatus.NoPolicy : PolicyStatus.UnknownType;
  return { PolicyType: type.slice(0, 64), Status };
}

/**
 * Second phase: the device says how far it complies, and gets the key for all its further requests. The temporary key
 * stays good until the next first phase, so that a device that lost the answer may ask again.
 */
async function acknowledge(
  deps: Provision,
  context: CommandContext,
  asked: Asked & { readonly PolicyType: string },
): Promise<ProvisionResponse> {
  const { account, device } = context;
  const policy = (answered: Answered): ProvisionResponse => ({
    Status: ProvisionStatus.Success,
    Policies: { Policy: [answered] },
  });
  const { PolicyType } = asked;
  const refused = refusedType(PolicyType, context.version);
  if (refused) return policy(refused);
  const sent = (asked.PolicyKey ?? context.policyKey ?? '').trim();
  if (!matches(device, sent)) return policy({ PolicyType, Status: PolicyStatus.WrongKey });
  const applied = await deps.policies.forAccount(account);
  const complaint = checkCompliance(asked.Status, applied.kind === 'policy' ? applied.policy : undefined);
  if (complaint === 2) return PROTOCOL_ERROR;
  if (complaint) throw new ProtocolFailure(complaint, 'the device does not comply with the policy');
  const key = deps.newKey();
  await deps.devices.save(account.id, device.id, { policyKey: key, policyHash: device.temporaryPolicyHash });
  return policy({ PolicyType, Status: PolicyStatus.Success, PolicyKey: key });
}

/** AOSP's account test has no row that could remember the key that it was sent. */
function matches(device: Device, key: string): boolean {
  return isTestDevice(device.id) ? key !== '' && key !== '0' : key !== '' && key === device.temporaryPolicyKey;
}

/** The device's own Status: 1 complies, 2 in part, 3 not at all, 4 somebody else manages it (2.2.2.54.1). */
function checkCompliance(status: number | undefined, policy: Policy | undefined): 2 | 139 | 145 | undefined {
  if (status === undefined || !(status >= 1 && status <= 4)) return 2;
  if (status === 1 || !policy) return undefined;
  if (status === 4) return policy.allowExternal ? undefined : ProvisionStatus.ManagedElsewhere;
  const lenient = status === 2 ? policy.allowPartial : policy.withoutKey === 'allow';
  return lenient ? undefined : ProvisionStatus.NotProvisionable;
}

/** Random, never 0 (iOS takes that for none), and small enough for clients that read it into a signed number. */
function newPolicyKey(): string {
  return String(randomInt(1, 2 ** 31));
}
