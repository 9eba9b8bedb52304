import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { OPTIONAL_STACK_OUTPUTS, STACK_OUTPUTS } from '../ops/stack-outputs.ts';
import { PARTITION_KEY, SORT_KEY, STREAM_VIEW, TABLE_TRAITS, TABLES, TTL_ATTRIBUTE } from '../store/dynamo/traits.ts';
import type { TableName } from '../store/ports.ts';
import { acknowledgeData, acknowledgeSecret } from './nag.ts';
import type { DirectPushStorage } from './props.ts';

export interface DirectPushDataProps {
  /** Default: keys that DynamoDB and S3 own, which cost nothing. */
  readonly encryptionKey?: kms.IKey;
  /** Default true. Without it `cdk destroy` still retains everything. */
  readonly deletionProtection?: boolean;
  /** Days of versions of blobs that were deleted. Default 30. */
  readonly keepDeletedDays?: number;
  /** Default: a secret is made, 0.40 dollars a month. `false`: recovery passwords of devices are refused. */
  readonly recoveryKey?: secretsmanager.ISecret | false;
}

/** Letters and digits that are read as base64: 43 of them give the 32 bytes of a key. */
const KEY_LETTERS = 43;

const PASCAL: Readonly<Record<TableName, string>> = {
  mailboxes: 'Mailboxes',
  devices: 'Devices',
  directory: 'Directory',
};

/** Three tables, a bucket and a key that nothing in CloudFormation deletes. */
export class DirectPushData extends Construct implements DirectPushStorage {
  readonly tables: Readonly<Record<TableName, dynamodb.Table>>;
  readonly bucket: s3.Bucket;
  readonly recoveryKey?: secretsmanager.ISecret;

  constructor(scope: Construct, id: string, props: DirectPushDataProps = {}) {
    super(scope, id);
    const made = TABLES.map((name) => [name, this.#table(name, props)] as const);
    this.tables = Object.fromEntries(made) as Record<TableName, dynamodb.Table>;
    this.bucket = new s3.Bucket(this, 'Blobs', {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: true,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      encryption: props.encryptionKey ? s3.BucketEncryption.KMS : s3.BucketEncryption.S3_MANAGED,
      ...(props.encryptionKey && { encryptionKey: props.encryptionKey, bucketKeyEnabled: true }),
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        {
          id: 'deleted-versions',
          noncurrentVersionExpiration: Duration.days(props.keepDeletedDays ?? 30),
          expiredObjectDeleteMarker: true,
        },
        { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(2) },
      ],
    });
    const { recoveryKey = this.#key(props) } = props;
    if (recoveryKey) this.recoveryKey = recoveryKey;
    acknowledgeData(this);
  }

  #key({ encryptionKey }: DirectPushDataProps): secretsmanager.Secret {
    const made = new secretsmanager.Secret(this, 'RecoveryKey', {
      description: 'Direct Push: seals recovery passwords of devices. Another key opens nothing that this one sealed.',
      generateSecretString: { passwordLength: KEY_LETTERS, excludePunctuation: true, includeSpace: false },
      removalPolicy: RemovalPolicy.RETAIN,
      ...(encryptionKey && { encryptionKey }),
    });
    acknowledgeSecret(made);
    return made;
  }

  #table(name: TableName, props: DirectPushDataProps): dynamodb.Table {
    const { stream, ttl } = TABLE_TRAITS[name];
    return new dynamodb.Table(this, PASCAL[name], {
      partitionKey: { name: PARTITION_KEY, type: dynamodb.AttributeType.STRING },
      sortKey: { name: SORT_KEY, type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: props.deletionProtection ?? true,
      removalPolicy: RemovalPolicy.RETAIN,
      ...(props.encryptionKey
        ? { encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED, encryptionKey: props.encryptionKey }
        : { encryption: dynamodb.TableEncryption.DEFAULT }),
      ...(stream && { stream: dynamodb.StreamViewType[STREAM_VIEW] }),
      ...(ttl && { timeToLiveAttribute: TTL_ATTRIBUTE }),
    });
  }
}

/** `DirectPushData` as a stack of its own, so that the endpoint can be removed and made again beside it. */
export class DirectPushDataStack extends Stack implements DirectPushStorage {
  readonly tables: DirectPushData['tables'];
  readonly bucket: DirectPushData['bucket'];
  readonly recoveryKey?: secretsmanager.ISecret;

  constructor(scope: Construct, id: string, props: DirectPushDataProps & StackProps = {}) {
    super(scope, id, {
      description: 'Direct Push: mailboxes, devices, accounts and messages. Retained.',
      terminationProtection: true,
      ...props,
    });
    const data = new DirectPushData(this, 'Data', props);
    this.tables = data.tables;
    this.bucket = data.bucket;
    if (data.recoveryKey) this.recoveryKey = data.recoveryKey;
    for (const name of TABLES) {
      new CfnOutput(this, STACK_OUTPUTS[`${name}Table`][1], { value: data.tables[name].tableName });
    }
    new CfnOutput(this, STACK_OUTPUTS.blobBucket[1], { value: data.bucket.bucketName });
    if (data.recoveryKey) {
      new CfnOutput(this, OPTIONAL_STACK_OUTPUTS.recoverySecret[1], { value: data.recoveryKey.secretArn });
    }
  }
}
