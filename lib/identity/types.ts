import type { Quota } from '../mailbox/quota.ts';
import type { DeviceId, MailboxId } from '../ops/ids.ts';
import type { ProtocolVersion } from '../protocol/versions.ts';
import type { AccessAction, AccessDecision } from './access.ts';

export interface Account {
  readonly id: MailboxId;
  /** Primary address in lower case. */
  readonly address: string;
  /** Secondary addresses in lower case. */
  readonly aliases: readonly string[];
  readonly name: string;
  /** The account may be used at all, and may be used with EAS. */
  readonly enabled: boolean;
  readonly easEnabled: boolean;
  /** Raised by every change of a password or app password; a cached login of another version is worthless. */
  readonly credentialVersion: number;
  /** Name of the policy that applies; the default one where absent. */
  readonly policy?: string;
  /** Locked out for now: 456 until somebody lifts it. Mail is still taken in. */
  readonly blocked?: boolean;
  /** URL of the server that has the mailbox, where it is not this one: 451. */
  readonly home?: string;
  /** Epoch milliseconds from which the account's own password is worth nothing until it is changed: 457. */
  readonly passwordExpires?: number;
  /** What its mailbox may hold, over the limits of the server. */
  readonly quota?: Quota;
}

/** Accounts and the addresses that mail is taken for. */
export interface Directory {
  get(id: MailboxId): Promise<Account | undefined>;
  /** `address`, bare name (where it is unambiguous) or `DOMAIN\user`, in any case. */
  byLogin(login: string): Promise<Account | undefined>;
  /** The account that takes mail for this address, secondary ones and `name+tag` included. */
  byAddress(address: string): Promise<Account | undefined>;
  list(): AsyncIterable<Account>;
}

export type AuthFailure =
  /** No or no readable credentials: 401 with a challenge. */
  | { readonly ok: false; readonly reason: 'missing' | 'invalid' }
  /** Too many failures for this account from this source. */
  | { readonly ok: false; readonly reason: 'locked'; readonly retryAfterS: number }
  /**
   * Right credentials, but the account is disabled (131), not enabled for EAS (126), blocked (456) or elsewhere (451),
   * or its password has expired (457).
   */
  | { readonly ok: false; readonly reason: Refused; readonly account: Account }
  /** The place that knows could not be asked: 503. */
  | { readonly ok: false; readonly reason: 'unavailable' };
export type AuthResult = { readonly ok: true; readonly account: Account } | AuthFailure;
type Refused = 'disabled' | 'not-enabled' | 'blocked' | 'elsewhere' | 'expired';

export interface Authenticator {
  /**
   * `authorization` as sent; `source` the peer's address for back-off; `signal` tells that the client has gone, who then
   * waits for nothing any more and is told `unavailable`. Never rejects for bad input.
   */
  authenticate(input: {
    readonly authorization: string | undefined;
    readonly source: string;
    readonly signal?: AbortSignal;
  }): Promise<AuthResult>;
}

/** A device partnership, `D#<device>`. */
export interface Device {
  readonly id: DeviceId;
  readonly type: string;
  readonly userAgent?: string;
  /** The last version that the device spoke. */
  readonly version?: ProtocolVersion;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly information?: DeviceInformation;
  /** The key that the device must send, once it has acknowledged a policy; '0' or absent before. */
  readonly policyKey?: string;
  /** Hash of the policy document that the key stands for, by version rules. */
  readonly policyHash?: string;
  /** The key of a policy that was sent and not yet acknowledged, and the hash of that policy. */
  readonly temporaryPolicyKey?: string;
  readonly temporaryPolicyHash?: string;
  readonly wipe?: {
    readonly kind: 'device' | 'account';
    readonly state: 'ordered' | 'sent' | 'done' | 'failed';
    readonly at: number;
  };
  /** It was wiped: it is let in again only when its partnership is removed. */
  /** The recovery password that the device told, sealed by the server's vault. */
  readonly recovery?: string;
  readonly blocked?: boolean;
  /** What somebody decided for this device; it stands whatever the rules say. */
  readonly decided?: AccessAction;
  /** What the rules said when they were last asked. Absent: nothing against it. */
  readonly access?: AccessDecision;
  /** A mail about being shut out that is still to be delivered to the user. */
  readonly notice?: { readonly about: Exclude<AccessAction, 'allow'>; readonly at: number };
  /** Shut out for a while because of how it behaves. */
  readonly throttled?: Throttled;
  /** Epoch milliseconds of its latest changes of User-Agent, where they are counted. */
  readonly agentChanges?: readonly number[];
  /** The last Sync without changes of the device, as its command wrote it. */
  readonly cachedSync?: string;
  /** What is remembered of its Pings, as their command wrote it. */
  readonly ping?: object;
}

/** Values of X-MS-ASThrottle (MS-ASHTTP 2.2.2.1.2.13); the names are those that clients know from Exchange. */
export type ThrottleReason = 'UserAgentChanges' | 'RecentCommands' | 'SyncCommands' | 'CommandFrequency';

export interface Throttled {
  readonly reason: ThrottleReason;
  /** Epoch milliseconds. */
  readonly until: number;
  /** How often in a row, where that makes it longer. */
  readonly times?: number;
}

export interface DeviceInformation {
  readonly model?: string;
  readonly imei?: string;
  readonly friendlyName?: string;
  readonly os?: string;
  readonly osLanguage?: string;
  readonly phoneNumber?: string;
  readonly userAgent?: string;
  readonly enableOutboundSms?: boolean;
  readonly mobileOperator?: string;
}

export interface Devices {
  get(mailbox: MailboxId, id: DeviceId): Promise<Device | undefined>;
  list(mailbox: MailboxId): Promise<readonly Device[]>;
  /**
   * The partnership of a request, made on first sight; `lastSeen`, type, version and User-Agent are written at most
   * once an hour unless they changed. Not for the DeviceId `validate`, which AOSP sends on an account test.
   */
  touch(
    mailbox: MailboxId,
    seen: {
      readonly id: DeviceId;
      readonly type: string;
      readonly userAgent?: string;
      readonly version: ProtocolVersion;
    },
  ): Promise<Device>;
  save(mailbox: MailboxId, id: DeviceId, patch: Partial<Omit<Device, 'id'>>): Promise<Device>;
  /**
   * Like `save`, where `name` still is what `was` says of it: what somebody else has ordered meanwhile stands. Otherwise
   * the device as it is now.
   */
  replace(
    mailbox: MailboxId,
    was: Device,
    name: 'wipe' | 'notice',
    patch: Partial<Omit<Device, 'id'>>,
  ): Promise<{ readonly replaced: boolean; readonly device: Device }>;
  /** Also forgets its sync states, waiters and ledgers. */
  remove(mailbox: MailboxId, id: DeviceId): Promise<void>;
  orderWipe(mailbox: MailboxId, id: DeviceId, kind: 'device' | 'account'): Promise<Device>;
  /**
   * A decision by hand, which the rules do not touch; `undefined` leaves it to them again. The device need not have been
   * seen yet. Held requests of the mailbox end.
   */
  decide(mailbox: MailboxId, id: DeviceId, action: AccessAction | undefined): Promise<Device>;
  /** Asks the rules again about every device of the mailbox. The number of devices for which they say something else now. */
  reassess(mailbox: MailboxId): Promise<number>;
}

/** Why a command may not run yet: a common status code of MS-ASCMD 2.2.2, 449 or 403 for old versions (MS-ASPROV 3.1.5.1). */
export type PolicyRefusal = 129 | 139 | 140 | 141 | 142 | 143 | 144;

export interface PolicyGate {
  /** `undefined`: let it run. Not asked for Ping, OPTIONS, Autodiscover (R61103) and Provision itself. */
  check(
    account: Account,
    device: Device,
    version: ProtocolVersion,
    policyKey: string | undefined,
  ): Promise<PolicyRefusal | undefined>;
}
