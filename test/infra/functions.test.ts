import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { FUNCTION_NAMES, FUNCTIONS } from '../../lib/infra/catalogue.ts';
import { routingRules } from '../../lib/infra/routing-rules.ts';
import { isFed } from '../../lib/store/dynamo/traits.ts';
import { keys } from '../../lib/store/schema.ts';
import { actionsOn, only, type Properties, resources, statementsOf, synthApp } from './support.ts';

/** With all that is optional. */
const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:canary-AbC123';
const { template } = synthApp({ canarySecretArn: SECRET });
const HOLDER = 'DirectPushHolderTaskTaskRole';
const roleOf = (name: string) => `DirectPushFunctions${name[0]!.toUpperCase()}${name.slice(1)}Role`;
const functionOf = (name: string) =>
  only(template, 'AWS::Lambda::Function', `DirectPushFunctions${name[0]!.toUpperCase()}${name.slice(1)}Function`);

const READ = ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'];
const WRITE = [
  ...READ,
  ...['Put', 'Update', 'Delete'].map((verb) => `dynamodb:${verb}Item`),
  'dynamodb:ConditionCheckItem',
].sort();
const ACCOUNTS = [...READ, 'dynamodb:ConditionCheckItem', 'dynamodb:UpdateItem'].sort();
const OBJECTS = ['s3:DeleteObject', 's3:GetObject', 's3:ListBucket', 's3:PutObject'];
const SEND = ['ses:SendEmail', 'ses:SendRawEmail'];
const POST = ['execute-api:ManageConnections'];

describe.each(FUNCTION_NAMES)('function %s', (name) => {
  it('runs on Node 24 and arm64, from a bundle', () => {
    expect(functionOf(name)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: FUNCTIONS[name].memoryMiB,
      Timeout: FUNCTIONS[name].timeoutS,
    });
  });

  it('knows that it must not hold, and how much it may answer', () => {
    expect(functionOf(name).Environment.Variables).toMatchObject({
      DIRECT_PUSH_LANE: 'lambda',
      DIRECT_PUSH_RESPONSE_BYTES: '700000',
    });
  });

  it('keeps its logs for a month, in a group of its own', () => {
    const { Ref } = functionOf(name).LoggingConfig.LogGroup;
    expect(resources(template, 'AWS::Logs::LogGroup')[Ref]!.RetentionInDays).toBe(30);
  });

  it('has no managed policy', () => {
    expect(only(template, 'AWS::IAM::Role', roleOf(name)).ManagedPolicyArns).toBeUndefined();
  });
});

describe('least privilege', () => {
  const none: readonly string[] = [];
  it.each([
    // role, mailboxes, devices, directory, blobs, inbound, mail, wakes
    [roleOf('sync'), WRITE, WRITE, ACCOUNTS, OBJECTS, none, none, POST],
    [roleOf('provision'), WRITE, WRITE, ACCOUNTS, OBJECTS, none, none, POST],
    [roleOf('commands'), WRITE, WRITE, ACCOUNTS, OBJECTS, none, none, POST],
    [roleOf('autodiscover'), none, none, ACCOUNTS, none, none, none, none],
    [
      roleOf('wake'),
      none,
      [...READ, 'dynamodb:ConditionCheckItem', 'dynamodb:DeleteItem'].sort(),
      none,
      none,
      none,
      none,
      POST,
    ],
    [roleOf('ingest'), WRITE, WRITE, READ, OBJECTS, ['s3:GetObject', 's3:ListBucket'], SEND, POST],
    [roleOf('canary'), none, none, none, none, none, none, none],
    [roleOf('socket'), none, WRITE.filter((action) => !/Batch|Query|Check/.test(action)), none, none, none, none, none],
    [HOLDER, WRITE, WRITE, ACCOUNTS, OBJECTS, none, SEND, POST],
  ])('%s', (role, mailboxes, devices, directory, blobs, inbound, mail, wakes) => {
    const streamless = actionsOn(template, role, 'DataMailboxes').filter(
      (action) => !/Stream|GetRecords|Shard/.test(action),
    );
    expect(streamless).toEqual(mailboxes);
    expect(actionsOn(template, role, 'DataDevices')).toEqual(devices);
    expect(actionsOn(template, role, 'DataDirectory')).toEqual(directory);
    expect(actionsOn(template, role, 'DataBlobs')).toEqual(blobs);
    expect(actionsOn(template, role, 'InboundMessages')).toEqual(inbound);
    expect(actionsOn(template, role, 'identity/acme.test')).toEqual(mail);
    expect(actionsOn(template, role, '@connections')).toEqual(wakes);
  });

  it.each([HOLDER, roleOf('ingest')])('%s sends as the mail domains alone, to whomever', (role) => {
    const sending = statementsOf(template, role).filter(({ actions }) => actions.includes('ses:SendEmail'));
    expect(sending.map(({ resources: what, conditions }) => [/identity\/[^"]*/.exec(what)![0], conditions])).toEqual([
      ['identity/acme.test', undefined],
      ['identity/*', { StringLike: { 'ses:FromAddress': ['*@acme.test'] } }],
    ]);
  });

  it('what answers Settings, and nothing else, reads the key of recovery passwords', () => {
    const all = [...FUNCTION_NAMES.map(roleOf), HOLDER];
    const readers = all.filter((role) => actionsOn(template, role, 'RecoveryKey').length > 0);
    expect(readers).toEqual([roleOf('commands'), HOLDER]);
    for (const role of readers) {
      expect(actionsOn(template, role, 'RecoveryKey')).toEqual(['secretsmanager:GetSecretValue']);
    }
    const told = FUNCTION_NAMES.filter((name) => functionOf(name).Environment.Variables.DIRECT_PUSH_RECOVERY_SECRET);
    expect(told).toEqual(['commands']);
    const answers = routingRules().filter(({ commands = [] }) => commands.includes('Settings'));
    expect(answers.map(({ target }) => target)).toEqual(['commands']);
  });

  it('nobody may read another secret, and the canary its own alone', () => {
    const reading = [...FUNCTION_NAMES.map(roleOf), HOLDER].flatMap((role) =>
      statementsOf(template, role).filter(({ actions }) => actions.some((action) => /^secretsmanager/.test(action))),
    );
    for (const { resources: on } of reading) expect(on).toMatch(/RecoveryKey|canary-AbC123/);
    expect(actionsOn(template, roleOf('canary'), SECRET)).toEqual(['secretsmanager:GetSecretValue']);
  });

  it('a login updates account rows and no others', () => {
    for (const role of [roleOf('sync'), roleOf('autodiscover'), HOLDER]) {
      const update = statementsOf(template, role).find(
        ({ actions, resources: on }) => actions.includes('dynamodb:UpdateItem') && on.includes('DataDirectory'),
      );
      expect(update?.conditions).toEqual({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['A#*'] } });
    }
  });

  it('the socket function sees rows of tasks and no others', () => {
    const statement = statementsOf(template, roleOf('socket')).find(({ resources: on }) => on.includes('DataDevices'));
    expect(statement?.conditions).toEqual({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['T#*'] } });
    expect(keys.task('abc').pk).toMatch(/^T#/);
  });

  it('the holder alone may connect its socket', () => {
    const all = [...FUNCTION_NAMES.map(roleOf), HOLDER];
    const connecting = all.filter((role) =>
      statementsOf(template, role).some(({ actions }) => actions.includes('execute-api:Invoke')),
    );
    expect(connecting).toEqual([HOLDER]);
    expect(actionsOn(template, HOLDER, '/wake/$connect')).toEqual(['execute-api:Invoke']);
  });

  it('nobody may scan, make or delete tables', () => {
    for (const role of [...FUNCTION_NAMES.map(roleOf), HOLDER]) {
      const actions = statementsOf(template, role).flatMap((statement) => statement.actions);
      expect(
        actions.filter((action) => /Scan|Table|\*$/.test(action)),
        role,
      ).toEqual([]);
    }
  });
});

describe('the canary', () => {
  it('reads its one secret, and may do nothing else', () => {
    const statements = statementsOf(template, roleOf('canary')).filter(({ actions }) => !/^logs:/.test(actions[0]!));
    expect(statements).toEqual([{ actions: ['secretsmanager:GetSecretValue'], resources: JSON.stringify(SECRET) }]);
  });

  it('is told where the secret is, and not what is in it', () => {
    expect(functionOf('canary').Environment.Variables).toMatchObject({
      DIRECT_PUSH_CANARY_SECRET: SECRET,
      DIRECT_PUSH_CANARY_HOLD: '20',
      DIRECT_PUSH_HOST_NAME: 'eas.acme.test',
    });
  });

  it('comes from the internet, every quarter of an hour, and no visit is made up for', () => {
    expect(functionOf('canary').VpcConfig).toBeUndefined();
    expect(only(template, 'AWS::Events::Rule')).toMatchObject({
      ScheduleExpression: 'rate(15 minutes)',
      Targets: [{ RetryPolicy: { MaximumRetryAttempts: 0 } }],
    });
    const own = Object.values(resources(template, 'AWS::Lambda::EventInvokeConfig')).filter(({ FunctionName }) =>
      /Canary/.test(FunctionName.Ref),
    );
    expect(own).toMatchObject([{ MaximumRetryAttempts: 0 }]);
  });
});

describe('the stream to the wake function', () => {
  const source = only(template, 'AWS::Lambda::EventSourceMapping', 'DirectPushFunctionsWake');

  it('waits for nothing, runs ten batches of a shard at once, and gives up soon', () => {
    expect(source).toMatchObject({
      BatchSize: 500,
      MaximumBatchingWindowInSeconds: 0,
      ParallelizationFactor: 10,
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 3,
      MaximumRecordAgeInSeconds: 120,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      StartingPosition: 'LATEST',
    });
  });

  it('tells of what failed', () => {
    const destination = source.DestinationConfig.OnFailure.Destination['Fn::GetAtt'][0];
    expect(destination).toMatch(/^DirectPushWakeFailures/);
    expect(resources(template, 'AWS::SQS::Queue')[destination]).toMatchObject({ SqsManagedSseEnabled: true });
  });

  it('is filtered to the rows that the feed tells of', () => {
    const [{ Pattern }] = source.FilterCriteria.Filters;
    const { S } = JSON.parse(Pattern).dynamodb.Keys.sk;
    const passes = (sk: string) =>
      S.some((p: string | { prefix: string }) => (typeof p === 'string' ? p === sk : sk.startsWith(p.prefix)));
    const rows = [
      keys.state('m' as never),
      keys.folder('m' as never, 'f' as never),
      keys.item('m' as never, 'f' as never, 'i' as never),
      keys.log('m' as never, 'f' as never, 1, 1),
      keys.garbage('m' as never, 'f' as never, 1),
    ];
    expect(rows.map(({ sk }) => passes(sk))).toEqual([true, true, false, false, false]);
    expect(rows.map(({ sk }) => isFed(sk))).toEqual(rows.map(({ sk }) => passes(sk)));
  });
});

describe('the WebSocket API', () => {
  it('asks for a signature when connecting', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: '$connect', AuthorizationType: 'AWS_IAM' });
  });

  it.each(['$disconnect', '$default'])('has a route %s', (RouteKey) => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey });
  });

  it('runs nothing for what a task sends', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Integration', { IntegrationType: 'MOCK' });
  });

  it('has a stage that deploys itself', () => {
    expect(only(template, 'AWS::ApiGatewayV2::Stage')).toMatchObject({ StageName: 'wake', AutoDeploy: true });
  });
});

describe('mail', () => {
  it('goes from SES into the inbound bucket', () => {
    template.hasResourceProperties('AWS::SES::ReceiptRule', {
      Rule: {
        Enabled: true,
        Recipients: ['acme.test'],
        ScanEnabled: true,
        Actions: [
          {
            S3Action: {
              BucketName: { Ref: Match.stringLikeRegexp('Inbound') },
              ObjectKeyPrefix: 'ses/',
              TopicArn: { Ref: Match.stringLikeRegexp('^DirectPushMailReceived') },
            },
          },
        ],
      },
    });
  });

  const queues = resources(template, 'AWS::SQS::Queue');
  const [queueId, queue] = Object.entries(queues).find(([id]) => id.startsWith('DirectPushInboundQueue'))!;
  const arn = { 'Fn::GetAtt': [queueId, 'Arn'] };
  const here = { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } };

  it('SES tells the queue of it, with the envelope, and no rule but those of its set may', () => {
    expect(only(template, 'AWS::SNS::Subscription')).toMatchObject({
      Protocol: 'sqs',
      Endpoint: arn,
      RawMessageDelivery: true,
    });
    const { Statement } = only(template, 'AWS::SNS::TopicPolicy', 'DirectPushMailReceived').PolicyDocument;
    const [rules] = Statement.filter(({ Effect }: Properties) => Effect === 'Allow');
    expect(rules).toMatchObject({
      Action: 'sns:Publish',
      Principal: { Service: 'ses.amazonaws.com' },
      Condition: { StringEquals: here },
    });
    expect(JSON.stringify(rules.Condition.ArnLike)).toMatch(
      /receipt-rule-set\/.*DirectPushMailRules.*:receipt-rule\/\*/,
    );
  });

  it('the rule is made when all that it tells is there', () => {
    const [rule] = Object.values(template.findResources('AWS::SES::ReceiptRule'));
    const before = ['ReceivedPolicy', 'QueuePolicy', 'MessagesPolicy'];
    for (const name of before) expect(rule!.DependsOn).toContainEqual(expect.stringContaining(name));
    const subscription = Object.keys(template.findResources('AWS::SNS::Subscription'))[0];
    expect(rule!.DependsOn).toContain(subscription);
  });

  it('of what others put there S3 tells the same queue, and of what SES puts there it tells nobody', () => {
    const { NotificationConfiguration } = only(template, 'Custom::S3BucketNotifications');
    expect(NotificationConfiguration).toEqual({
      QueueConfigurations: [
        {
          Events: ['s3:ObjectCreated:*'],
          Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'in/' }] } },
          QueueArn: arn,
        },
      ],
    });
    const { Statement } = only(template, 'AWS::SQS::QueuePolicy', 'DirectPushInboundQueue').PolicyDocument;
    const allowed = Statement.filter(({ Effect }: Properties) => Effect === 'Allow');
    expect(allowed.map(({ Principal }: Properties) => Principal.Service).sort()).toEqual([
      's3.amazonaws.com',
      'sns.amazonaws.com',
    ]);
    for (const { Action, Resource, Condition } of allowed) {
      expect([Action, Resource]).toEqual(['sqs:SendMessage', arn]);
      expect(Condition.ArnEquals['aws:SourceArn']).toBeDefined();
    }
    expect(allowed.find(({ Principal }: Properties) => Principal.Service === 's3.amazonaws.com').Condition).toEqual({
      ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [expect.stringMatching(/^DirectPushInboundMessages/), 'Arn'] } },
      StringEquals: here,
    });
  });

  it('is tried for hours, one message at a time, and then set aside', () => {
    expect(queue).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 14 * 86_400 });
    expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(6 * functionOf('ingest').Timeout);
    const { maxReceiveCount, deadLetterTargetArn } = queue.RedrivePolicy;
    expect(maxReceiveCount * queue.VisibilityTimeout).toBeGreaterThan(6 * 3600);
    const aside = queues[deadLetterTargetArn['Fn::GetAtt'][0]]!;
    expect(deadLetterTargetArn['Fn::GetAtt'][0]).toMatch(/^DirectPushInboundFailures/);
    expect(aside.MessageRetentionPeriod).toBe(14 * 86_400);
    expect(only(template, 'AWS::Lambda::EventSourceMapping', 'DirectPushFunctionsIngest')).toMatchObject({
      EventSourceArn: arn,
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 20 },
    });
  });

  it('is kept for two weeks after it was taken in, and never with the endpoint deleted', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: { LifecycleConfiguration: { Rules: [{ ExpirationInDays: 14, Status: 'Enabled' }] } },
    });
  });

  it('for nobody bounces', () => {
    expect(functionOf('ingest').Environment.Variables).toMatchObject({
      DIRECT_PUSH_UNKNOWN_RECIPIENTS: 'bounce',
      DIRECT_PUSH_OUTBOUND: 'ses',
    });
  });

  it('for nobody is dropped where that is wanted; whoever is away answers people outside all the same', () => {
    const { template: silent } = synthApp({ unknownRecipients: 'drop' });
    expect(actionsOn(silent, roleOf('ingest'), 'identity/')).toEqual([]);
    for (const name of ['Ingest', 'Sync', 'Commands']) {
      const fn = only(silent, 'AWS::Lambda::Function', `DirectPushFunctions${name}Function`);
      expect(fn.Environment.Variables.DIRECT_PUSH_OUTBOUND).toBe('ses');
    }
  });

  it('with spam or a virus is delivered, or dropped where that is wanted', () => {
    const { template: wanted } = synthApp({ harmfulMail: 'drop' });
    const told = [template, wanted].map(
      (one) => only(one, 'AWS::Lambda::Function', 'DirectPushFunctionsIngest').Environment.Variables,
    );
    expect(told.map(({ DIRECT_PUSH_HARMFUL_MAIL }) => DIRECT_PUSH_HARMFUL_MAIL)).toEqual(['deliver', 'drop']);
  });
});
