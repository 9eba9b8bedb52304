import { Annotations, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { CLOUD_ENV } from '../ops/cloud-env.ts';
import { OPTIONAL_STACK_OUTPUTS, STACK_OUTPUTS } from '../ops/stack-outputs.ts';
import { TABLES } from '../store/dynamo/traits.ts';
import { Canary } from './canary.ts';
import { HOLDER_RIGHTS, type Rights } from './catalogue.ts';
import { DirectPushData } from './data-stack.ts';
import { Domain } from './domain.ts';
import { Functions } from './functions.ts';
import { HolderService } from './holder.ts';
import { IDLE_SECONDS, LoadBalancer } from './load-balancer.ts';
import { Inbound, MailService, PUT_PREFIX } from './mail.ts';
import { ProductMetrics } from './metrics.ts';
import { acknowledgeKeys } from './nag.ts';
import { Network } from './network.ts';
import { Observability } from './observability.ts';
import { grantRights } from './permissions.ts';
import {
  checkHost,
  type DirectPushProps,
  type DirectPushStorage,
  type MailProps,
  type MailSettings,
  mailSettings,
} from './props.ts';
import { Routing } from './routing.ts';
import { type Setting, settings } from './settings.ts';
import { Waf } from './waf.ts';
import { SocketApi, WakeSource } from './wake.ts';

/** A window of changes, bytes: with base64 and JSON around it under the 1 MB of a function behind a load balancer. */
export const RESPONSE_BYTES = 700_000;

const HEARTBEATS = { least: 60, most: 3540 } as const;

/** An Exchange ActiveSync endpoint: `new DirectPush(stack, 'DirectPush', { hostName: 'eas.example.com' })`. */
export class DirectPush extends Construct {
  readonly storage: DirectPushStorage;
  readonly network: Network;
  readonly functions: Functions;
  readonly holder: HolderService;
  readonly inbound: Inbound;
  readonly balancer: LoadBalancer;
  readonly observability: Observability;
  readonly endpointUrl: string;
  readonly #settings: MailSettings;
  readonly #props: DirectPushProps;

  /** @throws RangeError naming the property that cannot work */
  constructor(scope: Construct, id: string, props: DirectPushProps) {
    super(scope, id);
    checkHost('hostName', props.hostName);
    this.#props = props;
    this.#settings = mailSettings(props);
    const transport = props.transport ?? 'websocket';
    const key = props.encryptionKey;
    const logRetention = props.logRetention ?? logs.RetentionDays.ONE_MONTH;
    const metrics = new ProductMetrics(Stack.of(this).stackName);

    this.storage = props.storage ?? new DirectPushData(this, 'Data', key ? { encryptionKey: key } : {});
    this.network = new Network(this, 'Network', props);
    this.inbound = new Inbound(this, 'Inbound', key);
    const granted = { storage: this.storage, inbound: this.inbound.bucket, mail: this.#settings };
    this.functions = new Functions(this, 'Functions', {
      transport,
      network: this.network,
      logRetention,
      tracing: props.tracing ?? false,
      canary: props.canary !== undefined,
      environment: (rights) => this.#environment('lambda', rights),
      grant: (role, rights) => grantRights(role, rights, granted),
    });
    this.holder = new HolderService(this, 'Holder', {
      ...props.holder,
      network: this.network,
      ...(props.cluster && { cluster: props.cluster }),
      transport,
      highAvailability: props.highAvailability ?? true,
      logRetention,
      environment: this.#environment('task', HOLDER_RIGHTS),
      held: metrics.of('HeldRequests', 'Average', Duration.minutes(1)),
    });
    grantRights(this.holder.taskRole, HOLDER_RIGHTS, granted);
    const source = new WakeSource(this, 'Wake', this.functions.get('wake'), this.storage.tables.mailboxes, key);
    const socket = transport === 'websocket' ? this.#socket() : undefined;

    const domain = new Domain(this, 'Domain', { ...props, mailDomains: this.#settings.domains });
    this.balancer = new LoadBalancer(this, 'Balancer', {
      network: this.network,
      certificate: domain.certificate,
      ...(props.sslPolicy && { sslPolicy: props.sslPolicy }),
      ...(props.accessLogBucket && { accessLogBucket: props.accessLogBucket }),
      holder: this.holder.targetGroup,
    });
    new Routing(this, 'Routing', {
      listener: this.balancer.listener,
      holder: this.holder.targetGroup,
      functions: this.functions,
      ...(props.hangingSyncAgents && { hangingSyncAgents: props.hangingSyncAgents }),
    });
    domain.point(this.balancer.balancer);
    if (props.waf) {
      new Waf(this, 'Waf', this.balancer.balancer.loadBalancerArn, props.waf === true ? {} : props.waf);
    }
    this.inbound.deliverTo(this.functions.get('ingest'));
    const mail = this.#mail(domain);
    const canary = props.canary && new Canary(this, 'Canary', this.functions.get('canary'), props.canary);
    this.observability = new Observability(this, 'Observability', {
      metrics,
      balancer: this.balancer.balancer,
      holder: this.holder,
      functions: Object.values(this.functions.all),
      wake: this.functions.get('wake'),
      tables: TABLES.map((name) => this.storage.tables[name]),
      wakeFailures: source.failures,
      mailQueue: this.inbound.queue,
      mailFailures: this.inbound.failures,
      certificateArn: domain.certificate.certificateArn,
      ...(canary && { canaryEvery: canary.every }),
      ...(props.alarmTopic && { alarmTopic: props.alarmTopic }),
      ...(props.alarmTopics && { alarmTopics: props.alarmTopics }),
      ...(props.alarmEmail && { alarmEmail: props.alarmEmail }),
      ...(key && { encryptionKey: key }),
    });
    if (key) acknowledgeKeys(this);
    this.endpointUrl = `https://${props.hostName}/Microsoft-Server-ActiveSync`;
    this.#outputs(domain, socket, mail);
  }

  /** What a process is told: names of what it may use, nothing that is secret. */
  #environment(lane: 'lambda' | 'task', rights: Rights): Readonly<Record<string, string>> {
    const { tables, bucket, recoveryKey } = this.storage;
    const { minHeartbeatS, maxHeartbeatS } = heartbeats(this.#props);
    const mail = this.#settings;
    const wakes = rights.wake ? this.#wakes(lane, rights) : 'none';
    const entries: readonly Setting[] = [
      ['lane', lane],
      ['hostName', this.#props.hostName],
      // A name is no right: the same composition opens the store in every process.
      ['mailboxesTable', tables.mailboxes.tableName],
      ['devicesTable', tables.devices.tableName],
      ['directoryTable', tables.directory.tableName],
      ['blobBucket', bucket.bucketName],
      ['inboundBucket', rights.inbound === 'none' ? undefined : this.inbound.bucket.bucketName],
      ['wakeTransport', wakes],
      ['idleSeconds', lane === 'task' ? String(IDLE_SECONDS) : undefined],
      ['minHeartbeat', String(minHeartbeatS)],
      ['maxHeartbeat', String(maxHeartbeatS)],
      ['responseBytes', lane === 'lambda' ? String(RESPONSE_BYTES) : undefined],
      ['recoverySecret', rights.recovery ? recoveryKey?.secretArn : undefined],
      // That there is a way out: who may not take it queues what a task sends then.
      ['outbound', mail.outbound ? 'ses' : 'none'],
      ['mailDomains', mail.domains.join(',')],
      ['unknownRecipients', rights.inbound === 'none' ? undefined : mail.unknownRecipients],
      ['harmfulMail', rights.inbound === 'none' ? undefined : mail.harmful],
      ...settings(this.#props),
      ['tracing', lane === 'lambda' && this.#props.tracing ? 'xray' : undefined],
      ['service', Stack.of(this).stackName],
      ['logLevel', this.#props.logLevel ?? 'info'],
    ];
    return Object.fromEntries(entries.flatMap(([name, value]) => (value ? [[CLOUD_ENV[name], value]] : [])));
  }

  /**
   * Functions outside the VPC cannot reach a task by HTTP: with `direct` they leave waking to the stream. The wake
   * function has waiters to read and is inside.
   */
  #wakes(lane: 'lambda' | 'task', rights: Rights): string {
    const transport = this.#props.transport ?? 'websocket';
    if (transport === 'direct' && lane === 'lambda' && rights.devices !== 'waiters') return 'none';
    return transport;
  }

  get #givenMail(): MailProps {
    return this.#props.mail || {};
  }

  #socket(): SocketApi {
    const socket = new SocketApi(this, 'Socket', this.functions.get('socket'));
    socket.grantConnect(this.holder.taskRole);
    socket.grantPost(this.holder.taskRole);
    this.holder.container.addEnvironment(CLOUD_ENV.wakeSocketUrl, socket.url);
    this.holder.container.addEnvironment(CLOUD_ENV.wakeManagementUrl, socket.managementUrl);
    for (const name of WAKERS) {
      const fn = this.functions.get(name);
      socket.grantPost(fn.role!);
      fn.addEnvironment(CLOUD_ENV.wakeManagementUrl, socket.managementUrl);
    }
    return socket;
  }

  #mail(domain: Domain): MailService | undefined {
    const { inbound, outbound, mxRecord } = this.#settings;
    if (!inbound && !outbound) return undefined;
    const given = this.#givenMail;
    if (inbound) domain.receiveMail(mxRecord);
    return new MailService(this, 'Mail', {
      settings: this.#settings,
      inbound: this.inbound,
      ...(this.#props.encryptionKey && { encryptionKey: this.#props.encryptionKey }),
      ...(given.receiptRuleSet && { receiptRuleSet: given.receiptRuleSet }),
      ...(this.#props.hostedZone && { hostedZone: this.#props.hostedZone }),
    });
  }

  /** Lines to paste, and names that the command line reads (`--stack`). */
  #outputs(domain: Domain, socket: SocketApi | undefined, mail: MailService | undefined): void {
    const { stackName, region } = Stack.of(this);
    const { hostName } = this.#props;
    const output = (id: string, value: string, description?: string) =>
      new CfnOutput(Stack.of(this), id, { value, ...(description && { description }) });
    const main = this.#settings.domains[0] as string;
    output('EndpointUrl', this.endpointUrl, 'What phones connect to');
    output('BalancerName', this.balancer.balancer.loadBalancerDnsName, `What ${hostName} must be a CNAME or alias of`);
    for (const { id, line, why } of [...domain.foreign, ...(mail?.foreign ?? [])]) output(id, line, why);
    output(
      'AdminCommand',
      `npx direct-push user add you@${main} --stack ${stackName} --region ${region}`,
      'First account',
    );
    output('VerifyCommand', `npx direct-push doctor https://${hostName} --user you@${main}`, 'Acts as a phone');
    output('DashboardUrl', this.observability.dashboardUrl, 'Is mail being pushed?');
    for (const name of TABLES) output(STACK_OUTPUTS[`${name}Table`][0], this.storage.tables[name].tableName);
    output(STACK_OUTPUTS.blobBucket[0], this.storage.bucket.bucketName);
    const { recoveryKey } = this.storage;
    if (recoveryKey) output(OPTIONAL_STACK_OUTPUTS.recoverySecret[0], recoveryKey.secretArn);
    output('InboundMail', this.inbound.bucket.bucketName, `Objects put under ${PUT_PREFIX} are taken in as messages`);
    if (socket) output('WakeManagementUrl', socket.managementUrl);
    if (mail?.ruleSet && this.#givenMail.receiptRuleSet === undefined) {
      output(
        'ActivateMailCommand',
        `aws ses set-active-receipt-rule-set --rule-set-name ${mail.ruleSet.receiptRuleSetName} --region ${region}`,
        'Mail comes in only through the one active rule set of the region',
      );
      output(
        'DeactivateMailCommand',
        `aws ses set-active-receipt-rule-set --region ${region}`,
        'Before the stack is removed: a rule set that is active cannot be deleted. No mail comes in from then on',
      );
    }
    if (domain.unproven.length > 0) {
      const names = domain.unproven.join(', ');
      Annotations.of(this).addWarningV2(
        'direct-push:certificate',
        `the deployment waits until the certificate of ${names} is validated: see the CNAME records in the ACM console, or give hostedZone or certificate`,
      );
    }
  }
}

/** Functions that post wakes. */
const WAKERS = ['sync', 'provision', 'commands', 'wake', 'ingest'] as const;

function heartbeats(props: DirectPushProps): { readonly minHeartbeatS: number; readonly maxHeartbeatS: number } {
  const minHeartbeatS = props.minHeartbeatS ?? HEARTBEATS.least;
  const maxHeartbeatS = props.maxHeartbeatS ?? HEARTBEATS.most;
  for (const [name, value] of Object.entries({ minHeartbeatS, maxHeartbeatS })) {
    if (!(Number.isInteger(value) && value >= HEARTBEATS.least && value <= HEARTBEATS.most)) {
      throw new RangeError(`${name}: ${value} is not between ${HEARTBEATS.least} and ${HEARTBEATS.most} seconds`);
    }
  }
  if (minHeartbeatS > maxHeartbeatS) throw new RangeError('minHeartbeatS is more than maxHeartbeatS');
  return { minHeartbeatS, maxHeartbeatS };
}
