import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as ses from 'aws-cdk-lib/aws-ses';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { TableName } from '../store/ports.ts';

/** How wakes reach a task: its WebSocket to API Gateway, or HTTP from a function inside the VPC. */
export type WakeTransportName = 'websocket' | 'direct';

/** `critical`: mail is not pushed now. `warning`: it will not be soon, or some of it. `notice`: look when there is time. */
export type Severity = 'critical' | 'warning' | 'notice';

/** What must outlive the endpoint. `DirectPushDataStack` has these properties, so that it can be passed as it is. */
export interface DirectPushStorage {
  /** Keys, TTL attribute and stream view as in `lib/store/dynamo/traits.ts`; `mailboxes` has a stream. */
  readonly tables: Readonly<Record<TableName, dynamodb.ITable>>;
  /** Raw messages, large bodies, attachments. */
  readonly bucket: s3.IBucket;
  /** 32 bytes in base64: seals recovery passwords of devices. None are kept without it. */
  readonly recoveryKey?: secretsmanager.ISecret;
}

export interface MailProps {
  /** Domains whose mail is taken and sent. Default: the host name without its first label. */
  readonly domains?: readonly string[];
  /** An SES receipt rule puts mail for the domains into the inbound bucket. Default true. */
  readonly inbound?: boolean;
  /** Processes that send mail may send through SES. Default true. */
  readonly outbound?: boolean;
  /** An active rule set to add to. Default: a new one, which must be made active once (see the outputs). */
  readonly receiptRuleSet?: ses.IReceiptRuleSet;
  /**
   * Make SES identities with DKIM for the domains: it sends and receives for verified ones alone. Records that
   * `hostedZone` cannot take are outputs. Default true; false where the account has them already.
   */
  readonly createIdentities?: boolean;
  /** Write the MX record of the domain into `hostedZone`: mail then comes here and nowhere else. Default false. */
  readonly mxRecord?: boolean;
  /** Unknown addresses of these domains go out: a part of each domain lives with another mail system. Default false. */
  readonly relayOwnDomains?: boolean;
  /**
   * What becomes of mail for addresses that nobody has. Default `bounce` with SES, else `drop`. A bounce goes only to
   * senders that SPF or DMARC proved, or that another mail system names in the object's metadata.
   */
  readonly unknownRecipients?: 'bounce' | 'drop';
  /** Mail in which SES found spam or a virus. Default `deliver`; neither is ever bounced or answered. */
  readonly harmful?: 'deliver' | 'drop';
}

export interface WafProps {
  /** Requests of one address in five minutes before it is blocked. Default 10,000: an office may share an address. */
  readonly requestsPerAddress?: number;
  /** The managed rules count instead of blocking. Default true: look at the counts before you let them block. */
  readonly countOnly?: boolean;
}

export interface HolderProps {
  /** The published image to run instead of building `functions/holder/Dockerfile`, which needs Docker when deploying. */
  readonly image?: ecs.ContainerImage;
  /** Fargate CPU units. Default 256. */
  readonly cpu?: number;
  /** Default 1024. Holds about 20 requests for each MiB; what it takes on at once follows from it (`lib/cloud/task-memory.ts`). */
  readonly memoryMiB?: number;
  /** Default: 2 with `highAvailability`, else 1. */
  readonly minTasks?: number;
  /** Default 20. */
  readonly maxTasks?: number;
  /** Held requests per task that scaling aims at. Default: 60 % of what CPU and memory can hold. */
  readonly targetHeld?: number;
  /** Where tasks run. Default: public subnets with addresses of their own, so that no NAT gateway is paid for. */
  readonly subnets?: ec2.SubnetSelection;
  /** Default: true in public subnets. */
  readonly assignPublicIp?: boolean;
}

/** Who else may say who somebody is. Accounts are made by the command line all the same. */
export interface AuthenticationProps {
  /**
   * HTTPS endpoint that is asked for passwords of accounts that have none here: `POST {"user", "password"}`, answered
   * with 2xx `{"address"?}` for yes, 401 or 403 for no.
   */
  readonly url?: string;
  /** OpenID Connect: bearer tokens of this issuer, for this audience, are logins. */
  readonly oidc?: { readonly issuer: string; readonly audience: string };
}

/** Sizes in bytes, at most 256 MB; SES itself takes messages of 40 MB both ways. */
export interface LimitProps {
  /** Largest message taken in. Default 42 MB. */
  readonly messageBytes?: number;
  /** Largest message sent, with what it quotes and encloses. Default 35 MB. */
  readonly sendBytes?: number;
  /** Recipients of one message, 1 to 10,000. Default 500. */
  readonly recipients?: number;
  /** Recipients of all messages of an account in one hour, 0 to 1,000,000. Default 2,000. */
  readonly recipientsPerHour?: number;
  /** Devices of one account. Default 0: as many as come. */
  readonly devices?: number;
  /** What a mailbox may hold that has no limits of its own. Default: as much as comes. */
  readonly mailbox?: MailboxLimitProps;
}

export interface MailboxLimitProps {
  readonly bytes?: number;
  readonly items?: number;
  /** Items of one folder. */
  readonly folderItems?: number;
  /** Bytes of one item. */
  readonly itemBytes?: number;
}

/**
 * What a device may ask for before it is shut out for a while, 0 for no limit. Each process counts for itself, and what
 * one finds holds in all of them.
 */
export interface ThrottleProps {
  /** Default 3,000. */
  readonly commandsPerMinute?: number;
  /** Default 1,800. */
  readonly syncsPerMinute?: number;
  /** The very same request within ten minutes. Default 100. */
  readonly sameCommands?: number;
  /** How long it is shut out. Default 10. */
  readonly minutes?: number;
  /** Changes of the User-Agent within `agentHours`. Default 0: an update changes it, too. */
  readonly agentChanges?: number;
  /** Default 24. */
  readonly agentHours?: number;
  /** How long a device is shut out that changes it once more. Default 14. */
  readonly agentBlockHours?: number;
}

export interface PasswordProps {
  /** Where users change their password: an https page. Default: none, and an expired password is a wrong one. */
  readonly url?: string;
  /** Days before a password expires from which devices are told. Default 14. */
  readonly warnDays?: number;
}

export interface CanaryProps {
  /** The canary's own account: a secret that holds `{"user": "canary@example.com", "password": "..."}`. */
  readonly account: secretsmanager.ISecret;
  /** Between two visits, 5 to 60. Default 15. */
  readonly everyMinutes?: number;
  /** How long each holds a Ping, 1 to 120. Default 20. */
  readonly holdSeconds?: number;
}

/** Only `hostName` is required. */
export interface DirectPushProps {
  /** The name that phones connect to, for example `eas.example.com`. */
  readonly hostName: string;
  /** Default: tables and a bucket of its own inside this construct, retained when it is removed. */
  readonly storage?: DirectPushStorage;
  /** Encrypts what the construct makes itself. Default: keys that DynamoDB, S3, SQS and SNS own. */
  readonly encryptionKey?: kms.IKey;
  /** Default: two zones, public subnets, gateway endpoints for DynamoDB and S3, no NAT gateway. */
  readonly vpc?: ec2.IVpc;
  /** Default: a new one in the VPC. */
  readonly cluster?: ecs.ICluster;
  /** Default: a new one for the host name and `autodiscover.<domain>`, validated by DNS (in `hostedZone`, or by hand). */
  readonly certificate?: acm.ICertificate;
  /**
   * The zone of the host name: records and validation of all names in it are then made. Default: none; what no zone here
   * can take is said by the outputs.
   */
  readonly hostedZone?: route53.IHostedZone;
  /**
   * Default TLS 1.2 and 1.3. `SslPolicy.LEGACY` (TLS 1.0 and 3DES) lets Windows Mobile 5 and 6 in, and whoever can
   * make another client speak TLS 1.0.
   */
  readonly sslPolicy?: elb.SslPolicy;
  /** Who may connect to the load balancer, CIDR. Default: everybody, IPv4. */
  readonly allowedCidrs?: readonly string[];
  /** User-Agent patterns of clients whose Sync may hang. Default Outlook, Windows Mail, Windows Phone 8. */
  readonly hangingSyncAgents?: readonly string[];
  /** Default `websocket`. `direct` costs nothing per wake and puts the wake function into the VPC. */
  readonly transport?: WakeTransportName;
  /** At least two holder tasks in two zones. Default true. */
  readonly highAvailability?: boolean;
  readonly holder?: HolderProps;
  /** Versions of the protocol that are spoken and advertised, such as `14.1`. Default: all, 2.5 to 16.1. */
  readonly versions?: readonly string[];
  /** Bounds of a Ping's heartbeat, seconds, 60 to 3540. Default 60 and 3540. */
  readonly minHeartbeatS?: number;
  readonly maxHeartbeatS?: number;
  /** Default: SES both ways. `false`: no mail system; put messages into the inbound bucket, under `in/`. */
  readonly mail?: MailProps | false;
  /** Default: the accounts' own passwords alone. */
  readonly authentication?: AuthenticationProps;
  readonly limits?: LimitProps;
  readonly throttle?: ThrottleProps;
  readonly passwords?: PasswordProps;
  /** Who is in one address list: the accounts of a domain (default), or those of all domains. */
  readonly galScope?: 'domain' | 'server';
  /** A phone from outside that visits now and then, with an alarm. Default: none, as it needs an account. */
  readonly canary?: CanaryProps;
  /** Default: none. `true`: the defaults of `WafProps`. */
  readonly waf?: WafProps | boolean;
  /** Gets alarms of every severity that `alarmTopics` does not name, notices excepted. Default: a new one. */
  readonly alarmTopic?: sns.ITopic;
  readonly alarmTopics?: Readonly<Partial<Record<Severity, sns.ITopic>>>;
  /** Subscribes an address to the topic that is made. */
  readonly alarmEmail?: string;
  /** Default 30 days. */
  readonly logRetention?: logs.RetentionDays;
  /** Load balancer access logs; they name users and devices. Default: none. */
  readonly accessLogBucket?: s3.IBucket;
  /** X-Ray traces of the functions. Default false. */
  readonly tracing?: boolean;
  /** Default `info`. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
}

/** The mail settings with their defaults. `mail: false` is a system without SES. */
export interface MailSettings {
  readonly domains: readonly string[];
  readonly inbound: boolean;
  readonly outbound: boolean;
  readonly createIdentities: boolean;
  readonly mxRecord: boolean;
  readonly unknownRecipients: 'bounce' | 'drop';
  readonly harmful: 'deliver' | 'drop';
}

/** @throws RangeError when a host name, a domain or a combination of settings cannot work */
export function mailSettings(props: Pick<DirectPushProps, 'hostName' | 'mail' | 'hostedZone'>): MailSettings {
  const mail: MailProps = props.mail === false ? { inbound: false, outbound: false } : (props.mail ?? {});
  const domains = mail.domains ?? [parentDomain(props.hostName)];
  for (const domain of domains) checkHost('domain', domain);
  const outbound = mail.outbound ?? true;
  const unknownRecipients = mail.unknownRecipients ?? (outbound ? 'bounce' : 'drop');
  if (unknownRecipients === 'bounce' && !outbound) throw new RangeError('mail: a bounce needs outbound mail');
  if (mail.mxRecord && !props.hostedZone) throw new RangeError('mail: mxRecord needs hostedZone');
  const uses = (mail.inbound ?? true) || outbound;
  return {
    domains,
    inbound: mail.inbound ?? true,
    outbound,
    createIdentities: uses && (mail.createIdentities ?? true),
    mxRecord: mail.mxRecord ?? false,
    unknownRecipients,
    harmful: mail.harmful ?? 'deliver',
  };
}

const HOST = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** @throws RangeError naming what is wrong */
export function checkHost(what: string, name: string): void {
  if (!HOST.test(name)) throw new RangeError(`${what}: ${JSON.stringify(name)} is not a host name in lower case`);
}

function parentDomain(hostName: string): string {
  checkHost('hostName', hostName);
  const labels = hostName.split('.');
  return labels.length > 2 ? labels.slice(1).join('.') : hostName;
}
