/**
 * Context keys of `bin/app.ts` (`cdk.context.json`, `-c direct-push:hostName=...`), read and checked there alone: constructs
 * take properties.
 */
import type { Node } from 'constructs';
import { z } from 'zod';
import { list, OPTION_KEYS } from './context-options.ts';

export const PREFIX = 'direct-push:';

/** What `-c` gives is always text. */
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
const whole = z.coerce.number().int().positive();

export const Context = z
  .strictObject({
    hostName: z.string(),
    /** Names of the stacks: `<stackName>` and `<stackName>-Data`. */
    stackName: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,100}$/)
      .default('DirectPush'),
    /** Tables that are there, `<tablePrefix>mailboxes` and so on, instead of those of the data stack. */
    tablePrefix: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,200}$/)
      .optional(),
    mailboxesStreamArn: z.string().startsWith('arn:').optional(),
    certificateArn: z.string().startsWith('arn:').optional(),
    hostedZoneId: z.string().optional(),
    hostedZoneName: z.string().optional(),
    /** An existing VPC; looked up in the account, so that `account` and `region` must be known. */
    vpcId: z.string().startsWith('vpc-').optional(),
    /** A published holder image instead of one that is built here. */
    image: z.string().min(1).optional(),
    transport: z.enum(['websocket', 'direct']).default('websocket'),
    highAvailability: flag.default(true),
    taskCpu: whole.optional(),
    taskMemoryMiB: whole.optional(),
    minTasks: whole.optional(),
    maxTasks: whole.optional(),
    /** `modern` is TLS 1.2 and 1.3; `legacy` lets Windows Mobile 5 in with TLS 1.0. */
    tls: z.enum(['modern', 'legacy']).default('modern'),
    mail: flag.default(true),
    mailDomains: list.optional(),
    /** `false`: SES knows the mail domains already. */
    createIdentities: flag.default(true),
    mxRecord: flag.default(false),
    /** Unknown addresses of the mail domains go out: a part of each lives with another mail system. */
    relayOwnDomains: flag.default(false),
    unknownRecipients: z.enum(['bounce', 'drop']).optional(),
    /** Mail in which SES found spam or a virus. */
    harmfulMail: z.enum(['deliver', 'drop']).optional(),
    waf: flag.default(false),
    /** Of one address in five minutes; switches the firewall on. */
    requestsPerAddress: z.coerce.number().int().min(10).max(2_000_000_000).optional(),
    alarmEmail: z.email().optional(),
    alarmTopicArn: z.string().startsWith('arn:').optional(),
    /** ARN of a secret with `{"user", "password"}` of an account that a canary visits with. */
    canarySecretArn: z.string().startsWith('arn:').optional(),
    authUrl: z.url({ protocol: /^https$/ }).optional(),
    oidcIssuer: z.url({ protocol: /^https$/ }).optional(),
    oidcAudience: z.string().min(1).optional(),
    logRetentionDays: whole.optional(),
    tracing: flag.default(false),
    ...OPTION_KEYS,
  })
  .refine(({ hostedZoneId, hostedZoneName }) => (hostedZoneId === undefined) === (hostedZoneName === undefined), {
    path: ['hostedZoneId'],
    error: 'belongs together with hostedZoneName',
  })
  .refine(({ tablePrefix, mailboxesStreamArn }) => (tablePrefix === undefined) === (mailboxesStreamArn === undefined), {
    path: ['tablePrefix'],
    error: 'belongs together with mailboxesStreamArn',
  })
  .refine(({ mxRecord, hostedZoneId }) => !mxRecord || hostedZoneId !== undefined, {
    path: ['mxRecord'],
    error: 'needs hostedZoneId',
  })
  .refine(({ oidcIssuer, oidcAudience }) => (oidcIssuer === undefined) === (oidcAudience === undefined), {
    path: ['oidcIssuer'],
    error: 'belongs together with oidcAudience',
  });
export type Context = z.output<typeof Context>;

export class BadContext extends Error {
  override readonly name = 'BadContext';
}

/**
 * @param given all context; keys of others are left alone
 * @throws BadContext naming every key that is unknown or wrong
 */
export function readContext(given: Readonly<Record<string, unknown>>): Context {
  const own = Object.entries(given)
    .filter(([key, value]) => key.startsWith(PREFIX) && value !== undefined && value !== '')
    .map(([key, value]) => [key.slice(PREFIX.length), value] as const);
  const result = Context.safeParse(Object.fromEntries(own));
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.')];
    return unknown.map(
      (key) => `${PREFIX}${key}: ${issue.code === 'unrecognized_keys' ? 'unknown key' : issue.message}`,
    );
  });
  throw new BadContext(lines.flat().join('\n'));
}

/** All context of the app, from `cdk.json`, `cdk.context.json`, the command line and the environment. */
export function contextOf(node: Node): Readonly<Record<string, unknown>> {
  return node.getAllContext() as Record<string, unknown>;
}
