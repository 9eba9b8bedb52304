import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { SslPolicy } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import * as sns from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { vaultKey } from '../../lib/identity/vault.ts';
import { DirectPushData } from '../../lib/infra/data-stack.ts';
import { sizes } from '../../lib/infra/holder.ts';
import { type DirectPushProps, mailSettings } from '../../lib/infra/props.ts';
import { TABLE_TRAITS, TABLES } from '../../lib/store/dynamo/traits.ts';
import { actionsOn, HOST, only, resources, synthApp, synthConstruct } from './support.ts';

const defaults = synthApp();
const { dataTemplate } = defaults;

describe('the data stack', () => {
  const tables = Object.entries(dataTemplate.findResources('AWS::DynamoDB::Table'));

  it('holds the tables that the engine knows, and no more', () => {
    expect(tables.map(([id]) => id.replace(/^Data|[0-9A-F]{8}$/g, '').toLowerCase()).sort()).toEqual(
      [...TABLES].sort(),
    );
  });

  it.each(tables)('%s outlives its stack', (_, table) => {
    expect(table).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(table.Properties).toMatchObject({
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    });
  });

  it.each(TABLES)('%s has the stream and the lifetime that the engine expects', (name) => {
    const [, table] = tables.find(([id]) => id.toLowerCase().startsWith(`data${name}`))!;
    const { stream, ttl } = TABLE_TRAITS[name];
    expect(table.Properties.StreamSpecification).toEqual(stream ? { StreamViewType: 'NEW_IMAGE' } : undefined);
    expect(table.Properties.TimeToLiveSpecification).toEqual(ttl ? { AttributeName: 'ttl', Enabled: true } : undefined);
  });

  it('keeps blobs: versioned, encrypted, private, and nothing that expires but what was deleted', () => {
    const bucket = only(dataTemplate, 'AWS::S3::Bucket');
    dataTemplate.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(bucket).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    });
    const rules = bucket.LifecycleConfiguration.Rules;
    expect(rules).toContainEqual(expect.objectContaining({ NoncurrentVersionExpiration: { NoncurrentDays: 30 } }));
    expect(rules).toContainEqual(
      expect.objectContaining({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 } }),
    );
    expect(rules.filter((rule: object) => 'ExpirationInDays' in rule)).toEqual([]);
  });

  it('makes a key of 32 bytes for recovery passwords, which outlives its stack', () => {
    dataTemplate.hasResource('AWS::SecretsManager::Secret', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
    const { GenerateSecretString: made } = only(dataTemplate, 'AWS::SecretsManager::Secret');
    expect(made).toEqual({ ExcludePunctuation: true, IncludeSpace: false, PasswordLength: 43 });
    // Whatever letters and digits they are.
    for (const letter of ['A', 'z', '0', '9']) expect(vaultKey(letter.repeat(made.PasswordLength))).toHaveLength(32);
  });

  it('makes no key where none is wanted, or where one is brought', () => {
    const stack = new Stack(new App(), 'Data');
    const brought = new secretsmanager.Secret(stack, 'Brought');
    const own = new DirectPushData(stack, 'Own', { recoveryKey: brought });
    const none = new DirectPushData(stack, 'None', { recoveryKey: false });
    expect([own.recoveryKey, none.recoveryKey]).toEqual([brought, undefined]);
    Template.fromStack(stack).resourceCountIs('AWS::SecretsManager::Secret', 1);
  });

  it('refuses plain HTTP', () => {
    dataTemplate.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  it('is protected from being deleted', () => {
    expect(defaults.data.terminationProtection).toBe(true);
  });

  it('holds nothing of the endpoint, and the endpoint nothing of it', () => {
    dataTemplate.resourceCountIs('AWS::Lambda::Function', 0);
    defaults.template.resourceCountIs('AWS::DynamoDB::Table', 0);
  });
});

describe('only a host name', () => {
  const { template } = synthConstruct();

  it('makes its own tables beside the endpoint', () => {
    template.resourceCountIs('AWS::DynamoDB::Table', 3);
    template.resourceCountIs('AWS::ElasticLoadBalancingV2::LoadBalancer', 1);
  });

  it('asks for a certificate of the host and of Autodiscover, for devices that know RSA alone', () => {
    expect(only(template, 'AWS::CertificateManager::Certificate')).toMatchObject({
      DomainName: HOST,
      SubjectAlternativeNames: ['autodiscover.acme.test'],
      ValidationMethod: 'DNS',
      KeyAlgorithm: 'RSA_2048',
    });
  });

  it('has no web firewall', () => {
    template.resourceCountIs('AWS::WAFv2::WebACL', 0);
  });
});

describe('the transport direct', () => {
  const { template } = synthApp({ transport: 'direct' });

  it('needs no WebSocket API and no function for it', () => {
    template.resourceCountIs('AWS::ApiGatewayV2::Api', 0);
    expect(() => only(template, 'AWS::Lambda::Function', 'DirectPushFunctionsSocket')).toThrow(/^0 of/);
  });

  it('puts the wake function, and no other, into the VPC', () => {
    const inside = Object.entries(resources(template, 'AWS::Lambda::Function')).filter(([, fn]) => fn.VpcConfig);
    expect(inside.map(([id]) => id.slice(0, 'DirectPushFunctionsWake'.length))).toEqual(['DirectPushFunctionsWake']);
  });

  it('lets that function and other tasks to the wake port, and nobody else', () => {
    const ports = Object.values(resources(template, 'AWS::EC2::SecurityGroupIngress')).map((rule) => [
      rule.FromPort,
      rule.SourceSecurityGroupId['Fn::GetAtt'][0].replace(/^DirectPushNetwork|[0-9A-F]{8}$/g, ''),
    ]);
    expect(ports.sort()).toEqual([
      [8080, 'Balancer'],
      [8081, 'Tasks'],
      [8081, 'Wakers'],
    ]);
  });

  it('tells the tasks their port, and functions that reach no task to leave it to the stream', () => {
    const [container] = only(template, 'AWS::ECS::TaskDefinition').ContainerDefinitions;
    expect(container.Environment).toContainEqual({ Name: 'DIRECT_PUSH_WAKE_PORT', Value: '8081' });
    const transportOf = (name: string) =>
      only(template, 'AWS::Lambda::Function', `DirectPushFunctions${name}Function`).Environment.Variables
        .DIRECT_PUSH_WAKE_TRANSPORT;
    expect(['Wake', 'Sync', 'Ingest'].map(transportOf)).toEqual(['direct', 'none', 'none']);
  });
});

describe('tables that were restored to an earlier moment', () => {
  const stream = 'arn:aws:dynamodb:eu-west-1:111122223333:table/restored-mailboxes/stream/1';
  const { template } = synthApp({ tablePrefix: 'restored-', mailboxesStreamArn: stream });

  it('are those that everything is told of, and may use', () => {
    const [container] = only(template, 'AWS::ECS::TaskDefinition').ContainerDefinitions;
    for (const name of TABLES) {
      const told = { Name: `DIRECT_PUSH_TABLE_${name.toUpperCase()}`, Value: `restored-${name}` };
      expect(container.Environment).toContainEqual(told);
      expect(actionsOn(template, 'DirectPushHolderTaskTaskRole', `table/restored-${name}`)).toContain('dynamodb:Query');
    }
    expect(JSON.stringify(template.toJSON())).not.toMatch(/DataMailboxes|DataDevices|DataDirectory/);
  });

  it('are followed by their stream, and named by the outputs', () => {
    const sources = Object.values(resources(template, 'AWS::Lambda::EventSourceMapping'));
    expect(sources.map(({ EventSourceArn }) => EventSourceArn)).toContain(stream);
    expect(template.findOutputs('TableMailboxes').TableMailboxes!.Value).toBe('restored-mailboxes');
  });
});

describe('a limit for each address', () => {
  it('is one key, which switches the firewall on', () => {
    const { Rules } = only(synthApp({ requestsPerAddress: '300' }).template, 'AWS::WAFv2::WebACL');
    expect(Rules[0].Statement.RateBasedStatement).toMatchObject({ Limit: 300, AggregateKeyType: 'IP' });
    expect(Rules[0].Action).toHaveProperty('Block');
  });
});

describe('without a mail system', () => {
  const { template } = synthApp({ mail: 'false' });

  it('has nothing of SES', () => {
    template.resourceCountIs('AWS::SES::ReceiptRuleSet', 0);
    template.resourceCountIs('AWS::SES::ReceiptRule', 0);
    template.resourceCountIs('AWS::SES::EmailIdentity', 0);
    for (const role of ['DirectPushHolderTaskTaskRole', 'DirectPushFunctionsIngestRole']) {
      expect(actionsOn(template, role, 'identity/')).toEqual([]);
    }
  });

  it('still takes in what is put into the bucket', () => {
    template.resourceCountIs('Custom::S3BucketNotifications', 1);
    const { Variables } = only(template, 'AWS::Lambda::Function', 'DirectPushFunctionsIngest').Environment;
    expect(Variables).toMatchObject({ DIRECT_PUSH_OUTBOUND: 'none', DIRECT_PUSH_UNKNOWN_RECIPIENTS: 'drop' });
  });
});

describe('everything brought', () => {
  const { template } = synthConstruct((stack) => {
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-0123456789abcdef0',
      availabilityZones: ['a', 'b'],
      publicSubnetIds: ['subnet-0123456789abcdef1', 'subnet-0123456789abcdef2'],
      privateSubnetIds: ['subnet-0123456789abcdef3', 'subnet-0123456789abcdef4'],
    });
    const table = (name: string) =>
      dynamodb.Table.fromTableAttributes(stack, name, {
        tableArn: `arn:aws:dynamodb:eu-west-1:111122223333:table/${name}`,
        tableStreamArn: `arn:aws:dynamodb:eu-west-1:111122223333:table/${name}/stream/1`,
      });
    return {
      storage: {
        tables: { mailboxes: table('own-mailboxes'), devices: table('own-devices'), directory: table('own-directory') },
        bucket: s3.Bucket.fromBucketName(stack, 'Bucket', 'own-blobs'),
      },
      vpc,
      cluster: ecs.Cluster.fromClusterAttributes(stack, 'Cluster', { clusterName: 'own-cluster', vpc }),
      certificate: acm.Certificate.fromCertificateArn(
        stack,
        'Cert',
        'arn:aws:acm:eu-west-1:111122223333:certificate/1',
      ),
      hostedZone: route53.PublicHostedZone.fromPublicHostedZoneAttributes(stack, 'Zone', {
        hostedZoneId: 'Z1',
        zoneName: 'acme.test',
      }),
      alarmTopic: sns.Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-west-1:111122223333:own-alarms'),
      sslPolicy: SslPolicy.LEGACY,
      allowedCidrs: ['192.0.2.0/24', '2001:db8::/32'],
      waf: { requestsPerAddress: 500, countOnly: false },
      holder: {
        image: ecs.ContainerImage.fromRegistry('example/direct-push:1'),
        cpu: 1024,
        memoryMiB: 2048,
        subnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      },
      highAvailability: false,
      tracing: true,
      mail: {
        receiptRuleSet: ses.ReceiptRuleSet.fromReceiptRuleSetName(stack, 'Rules', 'own-rules'),
        mxRecord: true,
        unknownRecipients: 'drop',
      },
    };
  });

  it.each([
    'AWS::EC2::VPC',
    'AWS::ECS::Cluster',
    'AWS::CertificateManager::Certificate',
    'AWS::DynamoDB::Table',
    'AWS::SecretsManager::Secret',
    'AWS::SES::ReceiptRuleSet',
  ])('makes no %s', (type) => {
    template.resourceCountIs(type, 0);
  });

  it('makes no topic but the one by which SES tells of mail', () => {
    expect(Object.keys(resources(template, 'AWS::SNS::Topic'))).toEqual([expect.stringMatching(/MailReceived/)]);
  });

  it('lets Windows Mobile 5 in', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      SslPolicy: 'ELBSecurityPolicy-TLS-1-0-2015-04',
    });
  });

  it('writes the records', () => {
    const records = Object.values(resources(template, 'AWS::Route53::RecordSet')).map(
      ({ Name, Type }) => `${Type} ${Name}`,
    );
    expect(records).toEqual(expect.arrayContaining([`A ${HOST}.`, 'CNAME autodiscover.acme.test.', 'MX acme.test.']));
  });

  it('narrows who may connect', () => {
    const group = only(template, 'AWS::EC2::SecurityGroup', 'DirectPushNetworkBalancer');
    const peers = group.SecurityGroupIngress.map((rule: Record<string, string>) => rule.CidrIp ?? rule.CidrIpv6);
    expect(new Set(peers)).toEqual(new Set(['192.0.2.0/24', '2001:db8::/32']));
  });

  it('runs the published image in private subnets, one task of it', () => {
    const [container] = only(template, 'AWS::ECS::TaskDefinition').ContainerDefinitions;
    expect(container.Image).toBe('example/direct-push:1');
    expect(only(template, 'AWS::ECS::Service').NetworkConfiguration.AwsvpcConfiguration).toMatchObject({
      AssignPublicIp: 'DISABLED',
      Subnets: ['subnet-0123456789abcdef3', 'subnet-0123456789abcdef4'],
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 1 });
  });

  it('reads the tables that it was given', () => {
    expect(actionsOn(template, 'DirectPushFunctionsSyncRole', 'table/own-mailboxes')).toContain('dynamodb:PutItem');
    expect(
      JSON.stringify(only(template, 'AWS::Lambda::EventSourceMapping', 'DirectPushFunctionsWake').EventSourceArn),
    ).toContain('own-mailboxes/stream/1');
  });

  it('limits each address, and lets managed rules block', () => {
    const { Rules } = only(template, 'AWS::WAFv2::WebACL');
    expect(Rules[0].Statement.RateBasedStatement).toMatchObject({ Limit: 500, AggregateKeyType: 'IP' });
    expect(Rules.slice(1).map(({ OverrideAction }: { OverrideAction: object }) => OverrideAction)).toEqual([
      { None: {} },
      { None: {} },
    ]);
  });

  it('no rule that reads bodies blocks: WBXML and mail look like anything', () => {
    const { Rules } = only(template, 'AWS::WAFv2::WebACL');
    const common = Rules.find(({ Name }: { Name: string }) => Name === 'AWSManagedRulesCommonRuleSet');
    const counted = common.Statement.ManagedRuleGroupStatement.RuleActionOverrides;
    expect(counted.map(({ Name }: { Name: string }) => Name)).toEqual(
      expect.arrayContaining([
        'SizeRestrictions_BODY',
        'CrossSiteScripting_BODY',
        'GenericLFI_BODY',
        'GenericRFI_BODY',
      ]),
    );
    for (const { ActionToUse } of counted) expect(ActionToUse).toEqual({ Count: {} });
  });

  it('traces', () => {
    for (const [id, fn] of Object.entries(resources(template, 'AWS::Lambda::Function'))) {
      if (id.startsWith('DirectPushFunctions')) expect(fn.TracingConfig, id).toEqual({ Mode: 'Active' });
    }
  });

  it('drops mail for nobody, so that ingest may not send', () => {
    expect(actionsOn(template, 'DirectPushFunctionsIngestRole', 'identity/')).toEqual([]);
  });
});

describe('a key of one’s own', () => {
  const { template, stack } = synthConstruct((stack) => ({
    encryptionKey: kms.Key.fromKeyArn(
      stack,
      'Key',
      'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    ),
  }));

  it('encrypts tables, blobs and failures', () => {
    for (const table of Object.values(resources(template, 'AWS::DynamoDB::Table'))) {
      expect(table.SSESpecification).toMatchObject({ SSEEnabled: true, SSEType: 'KMS' });
    }
    for (const queue of Object.values(resources(template, 'AWS::SQS::Queue')))
      expect(queue.KmsMasterKeyId).toContain(':key/1234abcd');
    for (const topic of Object.values(resources(template, 'AWS::SNS::Topic')))
      expect(topic.KmsMasterKeyId).toContain(':key/1234abcd');
  });

  it('is used by whoever reads them', () => {
    expect(actionsOn(template, 'DirectPushFunctionsSyncRole', ':key/1234abcd')).toContain('kms:Decrypt');
  });

  it.each(['s3', 'sns', 'ses'])(
    'must let %s use it, or no mail comes in: its policy is written, or asked for',
    (name) => {
      const service = `${name}.amazonaws.com`;
      Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp(`must let ${service}`));
      const own = synthConstruct((its) => ({ encryptionKey: new kms.Key(its, 'Key') }));
      Annotations.fromStack(own.stack).hasNoWarning('*', Match.stringLikeRegexp(`must let ${service}`));
      expect(only(own.template, 'AWS::KMS::Key').KeyPolicy.Statement).toContainEqual(
        expect.objectContaining({ Action: ['kms:Decrypt', 'kms:GenerateDataKey*'], Principal: { Service: service } }),
      );
    },
  );
});

const zoneOf = (stack: Stack, zoneName = 'acme.test') =>
  route53.PublicHostedZone.fromPublicHostedZoneAttributes(stack, 'Zone', { hostedZoneId: 'Z1', zoneName });
const lineOf = (value: unknown): string => {
  const parts = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join']?.[1] ?? [value];
  return parts.map((part) => (typeof part === 'string' ? part : '<>')).join('');
};

describe('names outside the hosted zone', () => {
  const { template, stack } = synthConstruct((its) => ({
    hostedZone: zoneOf(its),
    mail: { domains: ['acme.test', 'eu.acme.test', 'other.test', 'notacme.test'], mxRecord: true },
  }));
  const records = Object.values(resources(template, 'AWS::Route53::RecordSet'));
  const named = (type: string) => records.filter(({ Type }) => Type === type).map(({ Name }) => Name);
  const outputs = Object.fromEntries(
    Object.entries(template.findOutputs('*')).map(([name, { Value }]) => [name, lineOf(Value)]),
  );

  it('get no records in it, which Route 53 would refuse', () => {
    expect(named('A')).toEqual([`${HOST}.`]);
    expect(named('MX')).toEqual(['acme.test.', 'eu.acme.test.']);
    expect(named('CNAME').filter((name) => typeof name === 'string')).toEqual([
      'autodiscover.acme.test.',
      'autodiscover.eu.acme.test.',
    ]);
  });

  it('are proven to ACM by somebody else, who is told which', () => {
    const { DomainValidationOptions: proven } = only(template, 'AWS::CertificateManager::Certificate');
    expect(proven).toEqual(
      [HOST, 'autodiscover.acme.test', 'autodiscover.eu.acme.test'].map((DomainName) => ({
        DomainName,
        HostedZoneId: 'Z1',
      })),
    );
    Annotations.fromStack(stack).hasWarning(
      '*',
      Match.stringLikeRegexp('certificate of autodiscover.other.test, autodiscover.notacme.test is'),
    );
  });

  it('are identities of SES as the others are; whoever has their zones finds the records in the outputs', () => {
    template.resourceCountIs('AWS::SES::EmailIdentity', 4);
    // Three each for the two domains in the zone.
    expect(named('CNAME').filter((name) => typeof name !== 'string')).toHaveLength(6);
    for (const letter of 'ABC') {
      expect(outputs[`DkimRecord3${letter}`]).toBe('<>. 300 IN CNAME <>.');
      expect(outputs[`DkimRecord2${letter}`]).toBeUndefined();
    }
    expect(outputs).toMatchObject({
      AutodiscoverRecord3: `autodiscover.other.test. 300 IN CNAME ${HOST}.`,
      MailRecord3: 'other.test. 300 IN MX 10 inbound-smtp.<>.amazonaws.com.',
    });
    expect(outputs.AutodiscoverRecord).toBeUndefined();
    expect(outputs.MailRecord2).toBeUndefined();
  });
});

describe('without a hosted zone', () => {
  const { template } = synthConstruct();
  const outputs = template.findOutputs('*');

  it('SES gets the domain as an identity all the same: it takes in mail for no other', () => {
    expect(only(template, 'AWS::SES::EmailIdentity')).toMatchObject({ EmailIdentity: 'acme.test' });
    expect(Object.keys(outputs)).toEqual(
      expect.arrayContaining(['DkimRecordA', 'DkimRecordB', 'DkimRecordC', 'MailRecord', 'AutodiscoverRecord']),
    );
    expect(lineOf(outputs.MailRecord!.Value)).toBe('acme.test. 300 IN MX 10 inbound-smtp.<>.amazonaws.com.');
  });

  it('or not, where it has it already', () => {
    const { template: known } = synthApp({ createIdentities: 'false' });
    known.resourceCountIs('AWS::SES::EmailIdentity', 0);
    expect(Object.keys(known.findOutputs('*')).filter((name) => name.startsWith('Dkim'))).toEqual([]);
  });

  it('an MX record that is not wanted is a line to paste', () => {
    const { template: own } = synthConstruct((stack) => ({ hostedZone: zoneOf(stack) }));
    expect(Object.keys(own.findOutputs('*'))).toContain('MailRecord');
  });
});

describe('what cannot work is refused by name', () => {
  it('a host name outside the hosted zone', () => {
    const build = () => synthConstruct((stack) => ({ hostedZone: zoneOf(stack, 'me.test') }));
    expect(build).toThrow(new RangeError(`hostedZone: ${HOST} is not in me.test`));
  });

  it.each<[string, Partial<DirectPushProps>, RegExp]>([
    ['a URL as host name', { hostName: 'https://eas.acme.test' }, /hostName/],
    ['a host name of one label', { hostName: 'eas' }, /hostName/],
    ['upper case', { hostName: 'EAS.acme.test' }, /hostName/],
    ['a bounce without outbound mail', { mail: { outbound: false, unknownRecipients: 'bounce' } }, /bounce/],
    ['an MX record without a zone', { mail: { mxRecord: true } }, /hostedZone/],
    ['a domain that is none', { mail: { domains: ['a b'] } }, /domain/],
    ['a heartbeat longer than the protocol knows', { maxHeartbeatS: 3541 }, /maxHeartbeatS/],
    ['a heartbeat that is no number', { minHeartbeatS: Number.NaN }, /minHeartbeatS/],
    ['bounds in the wrong order', { minHeartbeatS: 600, maxHeartbeatS: 300 }, /more than/],
    ['a rate that is none', { waf: { requestsPerAddress: Number.NaN } }, /requestsPerAddress/],
    ['one task for two zones', { holder: { minTasks: 1 } }, /two tasks/],
    ['less tasks than the least', { holder: { maxTasks: 1 } }, /maxTasks/],
  ])('%s', (_, props, message) => {
    expect(() => synthConstruct(() => props)).toThrow(message);
  });
});

describe('sizes of the holder', () => {
  it.each([
    [{}, { capacity: 10_240, targetHeld: 6144, minTasks: 2 }],
    [
      { cpu: 1024, memoryMiB: 2048 },
      { capacity: 40_960, targetHeld: 24_576 },
    ],
    [{ cpu: 256, memoryMiB: 2048 }, { capacity: 10_240 }],
    [{ minTasks: 30 }, { minTasks: 30, maxTasks: 30 }],
  ])('%j', (holder, expected) => {
    expect(sizes({ ...holder, highAvailability: true })).toMatchObject(expected);
  });
});

describe('mail settings', () => {
  it.each([
    ['eas.acme.test', ['acme.test']],
    ['mail.eu.acme.test', ['eu.acme.test']],
    ['acme.test', ['acme.test']],
  ])('the domain of %s', (hostName, domains) => {
    expect(mailSettings({ hostName }).domains).toEqual(domains);
  });
});
