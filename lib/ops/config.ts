import * as z from 'zod/mini';
import { CLOUD_ENV, type CloudEnvName } from './cloud-env.ts';

const text = z.string().check(z.minLength(1));
const whole = (min: number, max: number) => z.coerce.number().check(z.int(), z.gte(min), z.lte(max));
const seconds = whole(1, 86_400);
const port = whole(1, 65_535);
const address = z.string().check(z.regex(/^(?:https?|wss?):\/\/[^\s/]+/));

/** Largest message that SES takes in or sends, with room for what the server adds. */
export const MESSAGE_BYTES = 42 * 1024 * 1024;
const bytes = whole(1024, 256 * 1024 * 1024);
/** Without one the options of the server have their own default. */
const count = (min = 0) => z.optional(whole(min, Number.MAX_SAFE_INTEGER));

/** What each variable must be, and what it is where nobody set it. */
const SETTINGS = {
  lane: z._default(z.enum(['lambda', 'task']), 'lambda'),
  hostName: text,
  mailboxesTable: text,
  devicesTable: text,
  directoryTable: text,
  blobBucket: text,
  inboundBucket: text,
  wakeTransport: z._default(z.enum(['websocket', 'direct', 'none']), 'none'),
  wakeSocketUrl: address,
  wakeManagementUrl: address,
  wakePort: port,
  port: z._default(port, 8080),
  maxHeld: z.optional(whole(1, 10_000_000)),
  bodiesBytes: z.optional(whole(40 * 1024 * 1024, 4 * 1024 ** 3)),
  relaying: z.optional(whole(1, 100)),
  drainSeconds: z._default(seconds, 90),
  idleSeconds: z._default(seconds, 4000),
  versions: z.optional(text),
  minHeartbeat: z._default(whole(60, 3540), 60),
  maxHeartbeat: z._default(whole(60, 3540), 3540),
  responseBytes: z._default(whole(10_000, 740_000), 700_000),
  recoverySecret: z.optional(text),
  outbound: z._default(z.enum(['ses', 'none']), 'none'),
  mailDomains: z._default(
    z.pipe(
      z.string(),
      z.transform((list) => list.split(',').flatMap((one) => one.trim().toLowerCase() || [])),
    ),
    [],
  ),
  unknownRecipients: z._default(z.enum(['bounce', 'drop']), 'drop'),
  harmfulMail: z._default(z.enum(['deliver', 'drop']), 'deliver'),
  authUrl: z.optional(address),
  oidcIssuer: z.optional(address),
  oidcAudience: z.optional(text),
  maxMessageBytes: z._default(bytes, MESSAGE_BYTES),
  maxSendBytes: z._default(bytes, 35 * 1024 * 1024),
  maxRecipients: z._default(whole(1, 10_000), 500),
  recipientsPerHour: z._default(whole(0, 1_000_000), 2_000),
  galScope: z._default(z.enum(['domain', 'server']), 'domain'),
  relayOwnDomains: z._default(
    z.pipe(
      z.enum(['true', 'false']),
      z.transform((flag) => flag === 'true'),
    ),
    false,
  ),
  maxDevices: count(),
  quotaBytes: count(),
  quotaItems: count(),
  quotaFolderItems: count(),
  quotaItemBytes: count(),
  commandsPerMinute: count(),
  syncsPerMinute: count(),
  sameCommands: count(),
  throttleMinutes: count(1),
  agentChanges: count(),
  agentHours: count(1),
  agentBlockHours: count(1),
  passwordUrl: z.optional(address),
  passwordWarnDays: count(),
  canarySecret: text,
  canaryUrl: z.optional(address),
  canaryHold: z._default(whole(1, 600), 20),
  tracing: z._default(z.enum(['xray', 'none']), 'none'),
  service: z._default(text, 'direct-push'),
  logLevel: z._default(z.enum(['debug', 'info', 'warn', 'error', 'silent']), 'info'),
} satisfies Readonly<Record<CloudEnvName, z.ZodMiniType>>;

export type CloudConfig = { readonly [Name in CloudEnvName]: z.output<(typeof SETTINGS)[Name]> };

/** The environment does not say what a process has to know. */
export class BadConfig extends Error {
  override readonly name = 'BadConfig';
}

/**
 * Settings of a process on AWS, from its environment. Empty variables count as absent.
 * @throws BadConfig naming every variable that is missing or cannot be, once for all; values are not repeated
 */
export function readConfig<Name extends CloudEnvName>(
  names: readonly Name[],
  env: NodeJS.ProcessEnv = process.env,
): Pick<CloudConfig, Name> {
  const config: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const name of names) {
    const given = env[CLOUD_ENV[name]] || undefined;
    const parsed = z.safeParse(SETTINGS[name] as z.ZodMiniType, given);
    if (parsed.success) config[name] = parsed.data;
    else
      wrong.push(
        `${CLOUD_ENV[name]} ${given === undefined ? 'is not set' : `cannot be: ${parsed.error.issues[0]?.message}`}`,
      );
  }
  if (wrong.length > 0) throw new BadConfig(wrong.join('; '));
  return config as Pick<CloudConfig, Name>;
}
