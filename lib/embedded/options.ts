import * as z from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const seconds = z.coerce.number().int();

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
    /** Proxies in front whose X-Forwarded-For is believed. */
    trustedHops: z.coerce.number().int().min(0).max(10).default(0),
    logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    /** Outside authentication: passwords are checked by this HTTP endpoint instead of here. */
    authUrl: z.url().optional(),
    /** OIDC: bearer tokens of this issuer, for this audience, are logins. */
    oidcIssuer: z.url().optional(),
    oidcAudience: z.string().optional(),
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
  STORE: 'store',
  AWS_ENDPOINT_URL: 'endpoint',
  AWS_REGION: 'region',
  TABLE_PREFIX: 'tablePrefix',
  RELAY_URL: 'relayUrl',
  MAIL_NAME: 'mailName',
  TRUSTED_HOPS: 'trustedHops',
  LOG_LEVEL: 'logLevel',
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
