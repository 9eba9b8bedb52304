import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as apigw from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration, WebSocketMockIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { FED_KEY, FED_PREFIX } from '../store/dynamo/traits.ts';
import { acknowledgeFailures, acknowledgeSocket, acknowledgeWildcard } from './nag.ts';

/** Settings of the event source. An old wake is worth nothing: the sweep of the holder has long been there. */
export const WAKE_SOURCE = {
  batchSize: 500,
  windowS: 0,
  parallelisation: 10,
  retries: 3,
  maxAgeS: 120,
} as const;

/** Stream of the mailboxes to the wake function. */
export class WakeSource extends Construct {
  readonly failures: sqs.Queue;

  constructor(scope: Construct, id: string, fn: lambda.Function, mailboxes: dynamodb.ITable, key?: kms.IKey) {
    super(scope, id);
    this.failures = failureQueue(this, 'Failures', key);
    fn.addEventSource(
      new DynamoEventSource(mailboxes, {
        startingPosition: lambda.StartingPosition.LATEST,
        batchSize: WAKE_SOURCE.batchSize,
        maxBatchingWindow: Duration.seconds(WAKE_SOURCE.windowS),
        parallelizationFactor: WAKE_SOURCE.parallelisation,
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        // The default is without end: one record that always fails would stop its shard for a day.
        retryAttempts: WAKE_SOURCE.retries,
        maxRecordAge: Duration.seconds(WAKE_SOURCE.maxAgeS),
        onFailure: new SqsDlq(this.failures),
        // What the filter leaves out is not invoked and not paid for: items, log rows, garbage.
        filters: [
          lambda.FilterCriteria.filter({ dynamodb: { Keys: { sk: { S: [{ prefix: FED_PREFIX }, FED_KEY] } } } }),
        ],
      }),
    );
  }
}

/** Where batches and messages go that could not be handled. */
export function failureQueue(scope: Construct, id: string, key?: kms.IKey): sqs.Queue {
  const queue = new sqs.Queue(scope, id, {
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    removalPolicy: RemovalPolicy.DESTROY,
    ...(key ? { encryptionMasterKey: key } : { encryption: sqs.QueueEncryption.SQS_MANAGED }),
  });
  acknowledgeFailures(queue);
  return queue;
}

const STAGE = 'wake';

/** The WebSocket API that tasks connect to with their own signature, and that wakes are posted to. */
export class SocketApi extends Construct {
  readonly api: apigw.WebSocketApi;
  readonly stage: apigw.WebSocketStage;

  constructor(scope: Construct, id: string, socket: lambda.Function) {
    super(scope, id);
    this.api = new apigw.WebSocketApi(this, 'Api', {
      description: 'Direct Push: wakes to the holder tasks',
      connectRouteOptions: {
        integration: new WebSocketLambdaIntegration('Connect', socket),
        authorizer: new WebSocketIamAuthorizer(),
      },
      disconnectRouteOptions: { integration: new WebSocketLambdaIntegration('Disconnect', socket) },
      // Takes the pings that keep a connection from being idle for ten minutes; nothing runs for them.
      defaultRouteOptions: {
        integration: new WebSocketMockIntegration('Ping', {
          requestTemplates: { $default: '{"statusCode":200}' },
          templateSelectionExpression: '\\$default',
        }),
      },
    });
    this.stage = new apigw.WebSocketStage(this, 'Stage', {
      webSocketApi: this.api,
      stageName: STAGE,
      autoDeploy: true,
      // Steady 10,000 and burst 5,000 are the account's; a runaway loop here shall not use them up.
      throttle: { rateLimit: 5000, burstLimit: 2500 },
    });
    acknowledgeSocket(this);
  }

  /** `wss://...` for tasks. */
  get url(): string {
    return this.stage.url;
  }

  /** `https://...` for whoever posts. */
  get managementUrl(): string {
    return this.stage.callbackUrl;
  }

  /** Lets a task open its connection. Signatures are checked when connecting, not by message. */
  grantConnect(role: iam.IGrantable): void {
    role.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: ['execute-api:Invoke'],
        resources: [this.#arn('$connect')],
      }),
    );
  }

  /** Lets a process post to any task's connection; it cannot close one or read whose it is. */
  grantPost(role: iam.IRole): void {
    acknowledgeWildcard(
      role,
      this.#arn('POST/@connections/'),
      '*',
      'Connections of this one API, whose ids are made when tasks connect.',
    );
    role.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: ['execute-api:ManageConnections'],
        resources: [this.#arn('POST/@connections/*')],
      }),
    );
  }

  #arn(suffix: string): string {
    return Stack.of(this).formatArn({
      service: 'execute-api',
      resource: this.api.apiId,
      resourceName: `${STAGE}/${suffix}`,
    });
  }
}
