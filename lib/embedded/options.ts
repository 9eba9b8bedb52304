import * as z from 'zod';
import { AGENT_LIMIT } from '../identity/user-agents.ts';
import { PASSWORDS } from '../protocol/password-age.ts';
import { THROTTLE } from '../protocol/throttle.ts';
import { parseVersion, SUPPORTED_VERSIONS, versionName } from '../protocol/versions.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const seconds = z.coerce.number().int();
const count = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** A list, or the same in one text: `12.1,14.1`. */
const versions = z
  .union([
    z.array(z.string()).readonly(),
    z.string().transform((list) => list.split(',').flatMap((name) => name.trim() || [])),
  ])
  .pipe(z.array(z.string().refine((name) => parseVersion(name), { error: 'is no version of the protocol' })).min(1));

/** Everything that the embedded server can be told. Every value has a default; unknown names are refused. */
export const EmbeddedOptions = z
  .strictObject({
    /** Address to listen on; `0.0.0.0` for phones on the network. */
    host: z.string().min(1).default('127.0.0.1'),
    /** HTTP; 0 picks a free port. */
    port: port.default(8080),
    /** HTTPS, where a certificate is given or made. */
    httpsPort: port.default(8443),
    smtpPort: port.default(2525),
    /** LMTP is served only where a port is given. */
    lmtpPort: port.optional(),
    dataDir: z.string().min(1).default('./data'),
    /** Make a private CA and a host certificate once, in the data folder. */
    tls: z.boolean().default(false),
    tlsCert: z.string().optional(),
    tlsKey: z.string().optional(),
    /** PEM file of authorities, besides the public ones, whose S/MIME certificates ValidateCert finds good. */
    smimeRoots: z.string().min(1).optional(),
    /** More names for the made certificate: what phones will be told to connect to. */
    tlsNames: z.array(z.string().min(1)).default([]),
    store: z.enum(['sqlite', 'dynamodb']).default('sqlite'),
    /** DynamoDB endpoint; without it the AWS SDK's own resolution applies. */
    endpoint: z.url().optional(),
    region: z.string().default('us-east-1'),
    tablePrefix: z
      .string()
      .regex(/^[\w.-]{0,64}$/)
      .default('direct-push-'),
    /** Versions of the protocol that are spoken and advertised; all by default. */
    versions: versions.default(SUPPORTED_VERSIONS.map(versionName)),
    /** Bounds of a Ping's heartbeat, seconds (MS-ASCMD 2.2.3.79.1: 60 to 3540). */
    minHeartbeatS: seconds.min(60).max(3540).default(60),
    maxHeartbeatS: seconds.min(60).max(3540).default(3540),
    /** Largest message taken in, bytes. */
    maxMessageBytes: z.coerce
      .number()
      .int()
      .min(1_024)
      .max(256 * 1024 * 1024)
      .default(50 * 1024 * 1024),
    /** Where mail to others goes: `smtp://user:password@host:587` or `smtps://...`. Without it they are refused. */
    relayUrl: z.url({ protocol: /^smtps?$/ }).optional(),
    /** What this server calls itself in the mail that it sends; the name of this machine by default. */
    mailName: z
      .string()
      .regex(/^[\w.-]{1,253}$/)
      .optional(),
    /** Largest message sent with what it quotes and encloses, bytes. */
    maxSendBytes: z.coerce
      .number()
      .int()
      .min(1_024)
      .max(256 * 1024 * 1024)
      .default(35 * 1024 * 1024),
    /** Recipients of one message, and of all messages of an account in one hour. */
    maxRecipients: z.coerce.number().int().min(1).max(10_000).default(500),
    recipientsPerHour: z.coerce.number().int().min(0).max(1_000_000).default(2_000),
    /** Unknown addresses of a domain that has accounts here go to the relay: the domain is shared with another server. */
    relayOwnDomains: z.boolean().default(false),
    /** Who is in one address list: the accounts of a domain, or all of this server. */
    galScope: z.enum(['domain', 'server']).default('domain'),
    /** Seals recovery passwords of devices: 32 bytes in base64. A file in the data folder by default. */
    recoveryKey: z
      .string()
      .refine((text) => Buffer.from(text, 'base64').length === 32, { error: 'must be 32 bytes in base64' })
      .optional(),
    /** Proxies in front whose X-Forwarded-For is believed. */
    trustedHops: z.coerce.number().int().min(0).max(10).default(0),
    logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    /** Outside authentication: passwords are checked by this HTTP endpoint instead of here. */
    authUrl: z.url().optional(),
    /** OIDC: bearer tokens of this issuer, for this audience, are logins. */
    oidcIssuer: z.url().optional(),
    oidcAudience: z.string().optional(),
    /** Devices of one account; a further one gets status 177. 0: as many as come. */
    maxDevices: count.default(0),
    /** What a mailbox may hold that has no limits of its own: bytes, items, items of one folder, bytes of one item. */
    quotaBytes: count.optional(),
    quotaItems: count.optional(),
    quotaFolderItems: count.optional(),
    quotaItemBytes: count.optional(),
    /** Requests of one device in one minute, Syncs among them, and the very same request within ten; 0: no limit. */
    commandsPerMinute: count.default(THROTTLE.commandsPerMinute),
    syncsPerMinute: count.default(THROTTLE.syncsPerMinute),
    sameCommands: count.default(THROTTLE.sameCommands),
    /** How long a device is shut out that asks for more. */
    throttleMinutes: count.min(1).default(THROTTLE.blockMs / 60_000),
    /** Changes of its User-Agent that a device may make within some hours, and how long it is shut out after one more. */
    agentChanges: count.default(0),
    agentHours: count.min(1).default(AGENT_LIMIT.periodMs / 3_600_000),
    agentBlockHours: count.min(1).default(AGENT_LIMIT.blockMs / 3_600_000),
    /** Where users change their password; without it an expired one is a wrong one. */
    passwordUrl: z.url({ protocol: /^https?$/ }).optional(),
    /** Days before a password expires from which devices are told. */
    passwordWarnDays: count.default(PASSWORDS.warnDays),
    /** Make a demo account when the data folder has no account. */
    demo: z.boolean().default(false),
  })
  .refine(({ tlsCert, tlsKey }) => (tlsCert === undefined) === (tlsKey === undefined), {
    path: ['tlsCert'],
    error: 'tlsCert and tlsKey belong together',
  })
  .refine(({ tls, tlsCert }) => !(tls && tlsCert), { path: ['tls'], error: 'give tls or a certificate, not both' })
  .refine(({ minHeartbeatS, maxHeartbeatS }) => minHeartbeatS <= maxHeartbeatS, {
    path: ['minHeartbeatS'],
    error: 'must not exceed maxHeartbeatS',
  })
  .refine(({ oidcIssuer, oidcAudience }) => !oidcIssuer || oidcAudience !== undefined, {
    path: ['oidcAudience'],
    error: 'is needed with oidcIssuer',
  });
export type EmbeddedOptions = z.output<typeof EmbeddedOptions>;
export type EmbeddedInput = z.input<typeof EmbeddedOptions>;

/** Environment variables that stand for options; a command-line flag wins over them. */
const ENVIRONMENT: Readonly<Record<string, keyof EmbeddedOptions>> = {
  HOST: 'host',
  PORT: 'port',
  HTTPS_PORT: 'httpsPort',
  SMTP_PORT: 'smtpPort',
  LMTP_PORT: 'lmtpPort',
  DATA_DIR: 'dataDir',
  TLS_CERT: 'tlsCert',
  TLS_KEY: 'tlsKey',
  SMIME_ROOTS: 'smimeRoots',
  STORE: 'store',
  AWS_ENDPOINT_URL: 'endpoint',
  AWS_REGION: 'region',
  TABLE_PREFIX: 'tablePrefix',
  PROTOCOL_VERSIONS: 'versions',
  RELAY_URL: 'relayUrl',
  MAIL_NAME: 'mailName',
  GAL_SCOPE: 'galScope',
  RECOVERY_KEY: 'recoveryKey',
  TRUSTED_HOPS: 'trustedHops',
  LOG_LEVEL: 'logLevel',
  MAX_DEVICES: 'maxDevices',
  QUOTA_BYTES: 'quotaBytes',
  QUOTA_ITEMS: 'quotaItems',
  QUOTA_FOLDER_ITEMS: 'quotaFolderItems',
  QUOTA_ITEM_BYTES: 'quotaItemBytes',
  COMMANDS_PER_MINUTE: 'commandsPerMinute',
  SYNCS_PER_MINUTE: 'syncsPerMinute',
  SAME_COMMANDS: 'sameCommands',
  THROTTLE_MINUTES: 'throttleMinutes',
  AGENT_CHANGES: 'agentChanges',
  AGENT_HOURS: 'agentHours',
  AGENT_BLOCK_HOURS: 'agentBlockHours',
  PASSWORD_URL: 'passwordUrl',
  PASSWORD_WARN_DAYS: 'passwordWarnDays',
  AUTH_URL: 'authUrl',
  OIDC_ISSUER: 'oidcIssuer',
  OIDC_AUDIENCE: 'oidcAudience',
};

export class BadOption extends Error {
  override readonly name = 'BadOption';
}

/**
 * Options from the environment and from flags.
 * @throws BadOption naming the option, and the variable where it came from one
 */
export function readOptions(flags: EmbeddedInput, env: NodeJS.ProcessEnv = {}): EmbeddedOptions {
  const merged: Record<string, unknown> = {};
  for (const [variable, option] of Object.entries(ENVIRONMENT)) {
    const value = env[variable];
    if (value !== undefined && value !== '') merged[option] = value;
  }
  for (const [option, value] of Object.entries(flags)) if (value !== undefined) merged[option] = value;
  const result = EmbeddedOptions.safeParse(merged);
  if (result.success) return result.data;
  throw new BadOption(result.error.issues.map((issue) => describe(issue, flags, env)).join('; '));
}

function describe(issue: z.core.$ZodIssue, flags: EmbeddedInput, env: NodeJS.ProcessEnv): string {
  const option = String(issue.path[0] ?? '');
  if (option === '') return issue.message;
  const variable = Object.entries(ENVIRONMENT).find(([, name]) => name === option)?.[0];
  const given = (flags as Record<string, unknown>)[option] !== undefined;
  return `${variable && !given && env[variable] ? `${variable} (${option})` : option}: ${issue.message}`;
}
