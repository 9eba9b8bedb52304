import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import * as ses from 'aws-cdk-lib/aws-ses';
import * as actions from 'aws-cdk-lib/aws-ses-actions';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledgeInbound, acknowledgeNotifications } from './nag.ts';
import type { MailSettings } from './props.ts';
import { failureQueue } from './wake.ts';

/** Days that a message stays in the inbound bucket, so that one that failed can be taken in again. */
const KEEP_DAYS = 14;

/** The bucket that mail comes in by: SES puts it there, or another mail system does. */
export class Inbound extends Construct {
  readonly bucket: s3.Bucket;
  readonly failures: sqs.Queue;

  constructor(scope: Construct, id: string, key?: kms.IKey) {
    super(scope, id);
    this.failures = failureQueue(this, 'Failures', key);
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

  /** Every object that is put is a message for `ingest`; what it cannot take after three attempts goes to the queue. */
  deliverTo(ingest: lambda.Function): void {
    ingest.configureAsyncInvoke({
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      onFailure: new SqsDestination(this.failures),
    });
    this.bucket.addEventNotification(s3.EventType.OBJECT_CREATED, new LambdaDestination(ingest));
    acknowledgeNotifications(this);
  }
}

export interface MailServiceProps {
  readonly settings: MailSettings;
  readonly bucket: s3.IBucket;
  readonly receiptRuleSet?: ses.IReceiptRuleSet;
  readonly hostedZone?: route53.IHostedZone;
}

/** SES in front of the inbound bucket, and identities to send as. */
export class MailService extends Construct {
  readonly ruleSet: ses.IReceiptRuleSet | undefined;

  constructor(scope: Construct, id: string, props: MailServiceProps) {
    super(scope, id);
    const { settings, hostedZone } = props;
    if (settings.createIdentities) {
      for (const [n, domain] of settings.domains.entries()) {
        const own = hostedZone?.zoneName === domain;
        new ses.EmailIdentity(this, `Identity${n + 1}`, {
          identity: own
            ? ses.Identity.publicHostedZone(hostedZone as route53.IPublicHostedZone)
            : ses.Identity.domain(domain),
        });
      }
    }
    if (!settings.inbound) return;
    this.ruleSet = props.receiptRuleSet ?? new ses.ReceiptRuleSet(this, 'Rules');
    new ses.ReceiptRule(this, 'ToBucket', {
      ruleSet: this.ruleSet,
      recipients: [...settings.domains],
      // Verdicts on spam and viruses come as headers.
      scanEnabled: true,
      tlsPolicy: ses.TlsPolicy.OPTIONAL,
      actions: [new actions.S3({ bucket: props.bucket, objectKeyPrefix: 'ses/' })],
    });
  }
}
