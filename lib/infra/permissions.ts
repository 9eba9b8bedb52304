import { Stack } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { MailboxId } from '../ops/ids.ts';
import { accountPartition, keys } from '../store/schema.ts';
import type { Access, Rights } from './catalogue.ts';
import { acknowledgeWildcard } from './nag.ts';
import type { DirectPushStorage, MailSettings } from './props.ts';

/** No Scan, no table management: exactly what `DynamoTable` sends. Transactions are allowed by the writes in them. */
const READ = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'];
const WRITE = [
  ...READ,
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
  'dynamodb:DeleteItem',
  'dynamodb:ConditionCheckItem',
];
/** Reads waiters, deletes those whose task is gone on condition that they are still the same. */
const WAITERS = [...READ, 'dynamodb:DeleteItem', 'dynamodb:ConditionCheckItem'];
const OWN_TASKS = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'];

export interface Granted {
  readonly storage: DirectPushStorage;
  readonly inbound: s3.IBucket;
  readonly mail: MailSettings;
}

/** Gives a role what its row of the catalogue says, and nothing else. Waking is granted by the transport. */
export function grantRights(role: iam.IRole, rights: Rights, granted: Granted): void {
  const { tables, bucket, recoveryKey } = granted.storage;
  grantTable(role, tables.mailboxes, rights.mailboxes);
  if (rights.directory === 'accounts') grantAccounts(role, tables.directory);
  else grantTable(role, tables.directory, rights.directory);
  if (rights.devices === 'own-tasks') grantOwnTasks(role, tables.devices);
  else if (rights.devices === 'waiters') grant(role, tables.devices, WAITERS);
  else grantTable(role, tables.devices, rights.devices);
  grantBucket(role, bucket, rights.blobs);
  grantBucket(role, granted.inbound, rights.inbound);
  if (rights.recovery && recoveryKey) grantSecret(role, recoveryKey);
  if (sends(rights, granted.mail)) grantSend(role, granted.mail.domains);
}

function sends(rights: Rights, mail: MailSettings): boolean {
  if (!mail.outbound) return false;
  return rights.send === 'bounces' ? mail.unknownRecipients === 'bounce' : rights.send;
}

type Table = DirectPushStorage['tables']['devices'];

function grantTable(role: iam.IRole, table: Table, access: Access): void {
  if (access !== 'none') grant(role, table, access === 'read' ? READ : WRITE);
}

function grant(role: iam.IRole, table: Table, actions: readonly string[]): void {
  role.addToPrincipalPolicy(new PolicyStatement({ actions: [...actions], resources: [table.tableArn] }));
  table.encryptionKey?.grantEncryptDecrypt(role);
}

/** Reads everything; a login may write the account's hash anew when its cost was raised. */
function grantAccounts(role: iam.IRole, table: Table): void {
  grant(role, table, READ);
  role.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem'],
      resources: [table.tableArn],
      conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [accountPartition('*' as MailboxId)] } },
    }),
  );
}

function grantOwnTasks(role: iam.IRole, table: Table): void {
  role.addToPrincipalPolicy(
    new PolicyStatement({
      actions: OWN_TASKS,
      resources: [table.tableArn],
      conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [keys.task('*').pk] } },
    }),
  );
  table.encryptionKey?.grantEncryptDecrypt(role);
}

function grantBucket(role: iam.IRole, bucket: s3.IBucket, access: Access): void {
  if (access === 'none') return;
  const objects = bucket.arnForObjects('*');
  acknowledgeWildcard(
    role,
    bucket.bucketArn,
    '/*',
    'Any object of this one bucket: their names are made when mail comes.',
  );
  const actions = access === 'read' ? ['s3:GetObject'] : ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'];
  role.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [objects] }));
  // Without the right to list, S3 answers 403 instead of 404 for an object that is not there.
  role.addToPrincipalPolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }));
  if (access === 'read') bucket.encryptionKey?.grantDecrypt(role);
  else bucket.encryptionKey?.grantEncryptDecrypt(role);
}

/**
 * As whoever is of the mail domains. SES asks for the identity of a recipient, too, where the account has one: of all of
 * them in its sandbox, later of other domains of the same company. Which those are nobody knows here.
 */
function grantSend(role: iam.IRole, domains: readonly string[]): void {
  const identity = (resourceName: string) =>
    Stack.of(role).formatArn({ service: 'ses', resource: 'identity', resourceName });
  const actions = ['ses:SendEmail', 'ses:SendRawEmail'];
  role.addToPrincipalPolicy(new PolicyStatement({ actions, resources: domains.map(identity) }));
  acknowledgeWildcard(role, identity(''), '*', 'Identities of recipients; the sender must be of the mail domains.');
  role.addToPrincipalPolicy(
    new PolicyStatement({
      actions,
      resources: [identity('*')],
      conditions: { StringLike: { 'ses:FromAddress': domains.map((domain) => `*@${domain}`) } },
    }),
  );
}

/** Reads this one secret. Of a secret known by name the last six characters of the ARN are not known. */
export function grantSecret(role: iam.IRole, secret: secretsmanager.ISecret): void {
  const { secretFullArn, secretArn, encryptionKey } = secret;
  if (!secretFullArn) {
    acknowledgeWildcard(
      role,
      secretArn,
      '-??????',
      'The end of the ARN is made by Secrets Manager; the name is whole.',
    );
  }
  role.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['secretsmanager:GetSecretValue'],
      resources: [secretFullArn ?? `${secretArn}-??????`],
    }),
  );
  encryptionKey?.grantDecrypt(role);
}
