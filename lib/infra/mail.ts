import { Annotations, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as ses from 'aws-cdk-lib/aws-ses';
import * as actions from 'aws-cdk-lib/aws-ses-actions';
import * as sns from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';
import { FUNCTIONS } from './catalogue.ts';
import { type ForeignRecord, nth } from './domain.ts';
import { acknowledgeInbound, acknowledgeNotifications } from './nag.ts';
import type { MailSettings } from './props.ts';
import { failureQueue } from './wake.ts';
import { inZone, recordLine } from './zone.ts';

/** Days that a message stays in the bucket, and what tells of it in the queue: one that failed can be taken in again. */
const KEEP_DAYS = 14;

/** Where SES puts messages. S3 tells nobody of them: SES does, with the envelope, which S3 does not know. */
const SES_PREFIX = 'ses/';
/** Where others put them: of these S3 tells. */
export const PUT_PREFIX = 'in/';

/**
 * From the queue to `ingest`. One message at a time, so that one that takes the function's time or memory takes no other
 * with it. What fails comes again after the visibility timeout, which is six times the function's own: for ten hours.
 */
export const INBOUND_SOURCE = {
  batchSize: 1,
  attempts: 50,
  atOnce: 20,
  hiddenS: 6 * FUNCTIONS.ingest.timeoutS,
} as const;

/** The bucket that mail comes in by, and the queue that tells of it: SES puts it there, or another mail system does. */
export class Inbound extends Construct {
  readonly bucket: s3.Bucket;
  readonly queue: sqs.Queue;
  readonly failures: sqs.Queue;
  readonly #key: kms.IKey | undefined;

  constructor(scope: Construct, id: string, key?: kms.IKey) {
    super(scope, id);
    this.#key = key;
    this.failures = failureQueue(this, 'Failures', key);
    this.queue = new sqs.Queue(this, 'Queue', {
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(INBOUND_SOURCE.hiddenS),
      retentionPeriod: Duration.days(KEEP_DAYS),
      deadLetterQueue: { queue: this.failures, maxReceiveCount: INBOUND_SOURCE.attempts },
      removalPolicy: RemovalPolicy.DESTROY,
      ...(key ? { encryptionMasterKey: key } : { encryption: sqs.QueueEncryption.SQS_MANAGED }),
    });
    this.bucket = new s3.Bucket(this, 'Messages', {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      // SES writes with its own key rights or none: the keys that S3 owns ask for neither.
      encryption: s3.BucketEncryption.S3_MANAGED,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [{ id: 'taken-in', expiration: Duration.days(KEEP_DAYS) }],
    });
    acknowledgeInbound(this);
  }

  /** What the queue tells of is a message for `ingest`; what it cannot take in is set aside in the end. */
  deliverTo(ingest: lambda.Function): void {
    const { batchSize, atOnce } = INBOUND_SOURCE;
    // Not as many at once as there could be: the account's executions are for phones, too, and mail can wait here.
    ingest.addEventSource(
      new SqsEventSource(this.queue, { batchSize, maxConcurrency: atOnce, reportBatchItemFailures: true }),
    );
    const destination = {
      bind: (_: IConstruct, { bucketRef }: s3.IBucketRef) => this.#fromBucket(bucketRef.bucketArn),
    };
    this.bucket.addEventNotification(s3.EventType.OBJECT_CREATED, destination, { prefix: PUT_PREFIX });
    acknowledgeNotifications(this);
    if (this.#key) letUse(this.#key, 's3.amazonaws.com', this);
  }

  #fromBucket(bucketArn: string): s3.BucketNotificationDestinationConfig {
    const { queueArn: arn } = this.queue;
    this.queue.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('s3.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [arn],
        // The name of a bucket outlives it, and may be somebody else's then.
        conditions: { ArnEquals: { 'aws:SourceArn': bucketArn }, StringEquals: ofThisAccount(this) },
      }),
    );
    return { arn, type: s3.BucketNotificationDestinationType.QUEUE, dependencies: [this.queue] };
  }
}

export interface MailServiceProps {
  readonly settings: MailSettings;
  readonly inbound: Inbound;
  readonly receiptRuleSet?: ses.IReceiptRuleSet;
  readonly hostedZone?: route53.IHostedZone;
  readonly encryptionKey?: kms.IKey;
}

/** SES in front of the inbound bucket and its queue, and identities to send as. */
export class MailService extends Construct {
  readonly ruleSet: ses.IReceiptRuleSet | undefined;
  readonly foreign: ForeignRecord[] = [];

  constructor(scope: Construct, id: string, props: MailServiceProps) {
    super(scope, id);
    const { settings, hostedZone } = props;
    if (settings.createIdentities) {
      for (const [n, domain] of settings.domains.entries()) this.#identity(n, domain, hostedZone);
    }
    if (settings.inbound) this.ruleSet = this.#receive(props);
  }

  /** SES sends and receives for verified domains alone: its DKIM records verify one, wherever they are written. */
  #identity(n: number, domain: string, zone?: route53.IHostedZone): void {
    const identity = new ses.EmailIdentity(this, `Identity${n + 1}`, { identity: ses.Identity.domain(domain) });
    for (const [k, { name, value }] of identity.dkimRecords.entries()) {
      if (inZone(domain, zone)) {
        new route53.CfnRecordSet(this, `Dkim${n + 1}${k + 1}`, {
          ...{ hostedZoneId: zone.hostedZoneId, name, type: 'CNAME', resourceRecords: [value], ttl: '1800' },
        });
      } else {
        const why = `Proves to SES that ${domain} is yours, and signs its mail`;
        this.foreign.push({ id: `DkimRecord${nth(n)}${'ABC'[k]}`, line: recordLine(name, 'CNAME', value), why });
      }
    }
  }

  #receive({ settings, inbound, receiptRuleSet, encryptionKey }: MailServiceProps): ses.IReceiptRuleSet {
    const ruleSet = receiptRuleSet ?? new ses.ReceiptRuleSet(this, 'Rules');
    const topic = this.#received(ruleSet, encryptionKey);
    topic.addSubscription(new SqsSubscription(inbound.queue, { rawMessageDelivery: true }));
    const rule = new ses.ReceiptRule(this, 'ToBucket', {
      ruleSet,
      recipients: [...settings.domains],
      // Verdicts on spam and viruses come with the notification, and as headers.
      scanEnabled: true,
      tlsPolicy: ses.TlsPolicy.OPTIONAL,
      actions: [new actions.S3({ bucket: inbound.bucket, objectKeyPrefix: SES_PREFIX, topic })],
    });
    // SES tries whether it may publish when the rule is made; and nothing it publishes may come before the queue listens.
    rule.node.addDependency(topic, inbound.queue);
    return ruleSet;
  }

  /** Where SES tells of what it put into the bucket: the envelope, and what its checks found. */
  #received(ruleSet: ses.IReceiptRuleSet, key?: kms.IKey): sns.Topic {
    const topic = new sns.Topic(this, 'Received', { enforceSSL: true, ...(key && { masterKey: key }) });
    const rules = Stack.of(this).formatArn({
      service: 'ses',
      resource: 'receipt-rule-set',
      resourceName: `${ruleSet.receiptRuleSetName}:receipt-rule/*`,
    });
    topic.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('ses.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        // Any rule of the set: the name of this one is not known before it is made, and it is made after this.
        conditions: { ArnLike: { 'aws:SourceArn': rules }, StringEquals: ofThisAccount(this) },
      }),
    );
    if (key) for (const service of ['ses.amazonaws.com', 'sns.amazonaws.com']) letUse(key, service, this);
    return topic;
  }
}

const ofThisAccount = (scope: Construct) => ({ 'aws:SourceAccount': Stack.of(scope).account });

/**
 * A service that writes to an encrypted queue or topic has rights of its own on the key. Whose it may be is said by the
 * policies of queue and topic: not every service tells KMS for whom it asks.
 */
function letUse(key: kms.IKey, service: string, scope: Construct): void {
  const { statementAdded } = key.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal(service)],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      resources: ['*'],
    }),
    true,
  );
  if (statementAdded) return;
  Annotations.of(scope).addWarningV2(
    `direct-push:key-${service}`,
    `the encryption key’s policy is not written here: it must let ${service} use kms:Decrypt and kms:GenerateDataKey*, or no mail comes in`,
  );
}
