/**
 * Environment variables of the functions and the holder on AWS: written by the infrastructure code, read by
 * `functions/`. One list for both, so that a name cannot differ between them.
 */
export const CLOUD_ENV = {
  /** `lambda` or `task`: which lane the process serves. */
  lane: 'DIRECT_PUSH_LANE',
  hostName: 'DIRECT_PUSH_HOST_NAME',
  mailboxesTable: 'DIRECT_PUSH_TABLE_MAILBOXES',
  devicesTable: 'DIRECT_PUSH_TABLE_DEVICES',
  directoryTable: 'DIRECT_PUSH_TABLE_DIRECTORY',
  blobBucket: 'DIRECT_PUSH_BLOB_BUCKET',
  /** Where SES (or another mail system) puts messages; only `ingest` has it. */
  inboundBucket: 'DIRECT_PUSH_INBOUND_BUCKET',
  /** `websocket`, `direct`, or `none` where a process may not wake: the stream then does it alone. */
  wakeTransport: 'DIRECT_PUSH_WAKE_TRANSPORT',
  /** `wss://...` that a task connects to. */
  wakeSocketUrl: 'DIRECT_PUSH_WAKE_SOCKET_URL',
  /** `https://...` endpoint of the management API that wakes are posted to. */
  wakeManagementUrl: 'DIRECT_PUSH_WAKE_MANAGEMENT_URL',
  /** Port on which a task takes wakes, transport `direct` only. */
  wakePort: 'DIRECT_PUSH_WAKE_PORT',
  /** Port on which a task takes requests. */
  port: 'DIRECT_PUSH_PORT',
  /** What a task takes on at once, from its memory: held requests, bytes of bodies, messages that are with the relay. */
  maxHeld: 'DIRECT_PUSH_MAX_HELD',
  bodiesBytes: 'DIRECT_PUSH_BODIES_BYTES',
  relaying: 'DIRECT_PUSH_RELAYING',
  /** Seconds within which a draining task answers all that it holds. */
  drainSeconds: 'DIRECT_PUSH_DRAIN_SECONDS',
  /** Seconds of the load balancer's idle time: the task's keep-alive must be longer. */
  idleSeconds: 'DIRECT_PUSH_IDLE_SECONDS',
  /** Versions of the protocol, separated by commas. */
  versions: 'DIRECT_PUSH_VERSIONS',
  /** Bounds of a Ping's heartbeat, seconds. */
  minHeartbeat: 'DIRECT_PUSH_MIN_HEARTBEAT',
  maxHeartbeat: 'DIRECT_PUSH_MAX_HEARTBEAT',
  /** Items in one answer of the lambda lane, bytes: base64 and JSON around them must stay under 1 MB. */
  responseBytes: 'DIRECT_PUSH_RESPONSE_BYTES',
  /** ARN of the secret that seals recovery passwords of devices; none are kept without it. */
  recoverySecret: 'DIRECT_PUSH_RECOVERY_SECRET',
  /** `ses` or `none`: whether mail goes out at all, from this process or another one. */
  outbound: 'DIRECT_PUSH_OUTBOUND',
  /** Domains whose mail is taken and sent, separated by commas. */
  mailDomains: 'DIRECT_PUSH_MAIL_DOMAINS',
  /** `bounce` or `drop`. */
  unknownRecipients: 'DIRECT_PUSH_UNKNOWN_RECIPIENTS',
  /** `deliver` or `drop`: messages in which SES found spam or a virus. */
  harmfulMail: 'DIRECT_PUSH_HARMFUL_MAIL',
  /** HTTPS endpoint that knows the passwords of accounts which have none here. */
  authUrl: 'DIRECT_PUSH_AUTH_URL',
  /** Issuer whose bearer tokens are logins, and the audience that they must name. */
  oidcIssuer: 'DIRECT_PUSH_OIDC_ISSUER',
  oidcAudience: 'DIRECT_PUSH_OIDC_AUDIENCE',
  /** Largest message taken in, and sent, bytes. */
  maxMessageBytes: 'DIRECT_PUSH_MAX_MESSAGE_BYTES',
  maxSendBytes: 'DIRECT_PUSH_MAX_SEND_BYTES',
  /** Recipients of one message, and of all messages of an account in one hour. */
  maxRecipients: 'DIRECT_PUSH_MAX_RECIPIENTS',
  recipientsPerHour: 'DIRECT_PUSH_RECIPIENTS_PER_HOUR',
  /** `true`: unknown addresses of domains that have accounts here are sent out, too. */
  relayOwnDomains: 'DIRECT_PUSH_RELAY_OWN_DOMAINS',
  /** Who is in one address list: `domain` or `server`. */
  galScope: 'DIRECT_PUSH_GAL_SCOPE',
  /** Devices of one account. */
  maxDevices: 'DIRECT_PUSH_MAX_DEVICES',
  /** What a mailbox may hold that has no limits of its own: bytes, items, items of one folder, bytes of one item. */
  quotaBytes: 'DIRECT_PUSH_QUOTA_BYTES',
  quotaItems: 'DIRECT_PUSH_QUOTA_ITEMS',
  quotaFolderItems: 'DIRECT_PUSH_QUOTA_FOLDER_ITEMS',
  quotaItemBytes: 'DIRECT_PUSH_QUOTA_ITEM_BYTES',
  /** What one device may ask for, in each process, before it is shut out for some minutes. */
  commandsPerMinute: 'DIRECT_PUSH_COMMANDS_PER_MINUTE',
  syncsPerMinute: 'DIRECT_PUSH_SYNCS_PER_MINUTE',
  sameCommands: 'DIRECT_PUSH_SAME_COMMANDS',
  throttleMinutes: 'DIRECT_PUSH_THROTTLE_MINUTES',
  /** Changes of its User-Agent that a device may make within some hours, and how long it is shut out after one more. */
  agentChanges: 'DIRECT_PUSH_AGENT_CHANGES',
  agentHours: 'DIRECT_PUSH_AGENT_HOURS',
  agentBlockHours: 'DIRECT_PUSH_AGENT_BLOCK_HOURS',
  /** Where users change their password, and the days before it expires from which devices are told. */
  passwordUrl: 'DIRECT_PUSH_PASSWORD_URL',
  passwordWarnDays: 'DIRECT_PUSH_PASSWORD_WARN_DAYS',
  /** ARN of the secret with the canary's account, `{"user": ..., "password": ...}`. */
  canarySecret: 'DIRECT_PUSH_CANARY_SECRET',
  /** Where the canary goes instead of to the host name. */
  canaryUrl: 'DIRECT_PUSH_CANARY_URL',
  /** Seconds that the canary holds a Ping. */
  canaryHold: 'DIRECT_PUSH_CANARY_HOLD',
  /** `xray` or `none`. */
  tracing: 'DIRECT_PUSH_TRACING',
  /** Value of the metrics' `Service` dimension. */
  service: 'DIRECT_PUSH_SERVICE',
  logLevel: 'DIRECT_PUSH_LOG_LEVEL',
} as const;

export type CloudEnvName = keyof typeof CLOUD_ENV;
