import { type Command, Option } from 'commander';
import { readOptions } from '../../lib/embedded/options.ts';
import { limitThreadsApart } from '../../lib/embedded/parse-thread.ts';
import { type Running, start } from '../../lib/embedded/start.ts';
import { type StoreFlags, storeOptions } from './domain.ts';

interface ServeFlags extends StoreFlags {
  readonly host?: string;
  readonly port?: string;
  readonly httpsPort?: string;
  readonly smtpPort?: string;
  readonly lmtpPort?: string;
  readonly tls?: boolean;
  readonly tlsName?: string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly smimeRoots?: string;
  readonly trustedHops?: string;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly authUrl?: string;
  readonly oidcIssuer?: string;
  readonly oidcAudience?: string;
  readonly versions?: string;
  readonly minHeartbeat?: string;
  readonly maxHeartbeat?: string;
  readonly maxMessageBytes?: string;
  readonly relayUrl?: string;
  readonly mailName?: string;
  readonly relayOwnDomains?: boolean;
  readonly galScope?: string;
  readonly maxSendBytes?: string;
  readonly maxRecipients?: string;
  readonly recipientsPerHour?: string;
  readonly maxDevices?: string;
  readonly quotaBytes?: string;
  readonly quotaItems?: string;
  readonly quotaFolderItems?: string;
  readonly quotaItemBytes?: string;
  readonly commandsPerMinute?: string;
  readonly syncsPerMinute?: string;
  readonly sameCommands?: string;
  readonly throttleMinutes?: string;
  readonly agentChanges?: string;
  readonly agentHours?: string;
  readonly agentBlockHours?: string;
  readonly passwordUrl?: string;
  readonly passwordWarnDays?: string;
  readonly demo: boolean;
}

/** `serve`: the whole server in this process, until SIGTERM or SIGINT. */
export function serveCommand(program: Command): void {
  program
    .command('serve')
    .description('run the server: ActiveSync over HTTP(S), mail in by SMTP')
    .option('--host <address>', 'address to listen on (HOST, default 127.0.0.1; 0.0.0.0 for phones on the network)')
    .option('--port <number>', 'HTTP port (PORT, default 8080)')
    .option('--smtp-port <number>', 'SMTP port (SMTP_PORT, default 2525)')
    .option('--lmtp-port <number>', 'LMTP port (LMTP_PORT; not served by default)')
    .option('--tls', 'HTTPS with a certificate of a private CA that is made once; phones get it from /ca.crt')
    .option('--tls-name <name...>', 'further names and addresses for that certificate')
    .option('--tls-cert <file>', 'HTTPS with this certificate chain, PEM (TLS_CERT)')
    .option('--tls-key <file>', 'its private key, PEM (TLS_KEY)')
    .option('--smime-roots <file>', 'more authorities whose S/MIME certificates are good, PEM (SMIME_ROOTS)')
    .option('--https-port <number>', 'HTTPS port (HTTPS_PORT, default 8443)')
    .option('--trusted-hops <number>', 'proxies in front whose X-Forwarded-For is believed (TRUSTED_HOPS, default 0)')
    .option('--auth-url <url>', 'check passwords by POST to this endpoint instead of here (AUTH_URL)')
    .option('--oidc-issuer <url>', 'take bearer tokens of this issuer (OIDC_ISSUER)')
    .option('--oidc-audience <text>', 'audience that the tokens must name (OIDC_AUDIENCE)')
    .option('--versions <list>', 'versions of the protocol to speak, 12.1,14.1 (PROTOCOL_VERSIONS, default all)')
    .option('--min-heartbeat <seconds>', 'shortest Ping (default 60)')
    .option('--max-heartbeat <seconds>', 'longest Ping (default 3540)')
    .option('--max-message-bytes <number>', 'largest message taken in (default 52428800)')
    .option('--relay-url <url>', 'send mail for others by this server, smtp://user:password@host:587 (RELAY_URL)')
    .option('--relay-own-domains', 'let the relay have unknown addresses of own domains as well')
    .option('--gal-scope <scope>', 'who is in one address list: domain or server (GAL_SCOPE, default domain)')
    .option('--mail-name <host>', 'name in the mail that is sent (MAIL_NAME, default the name of this machine)')
    .option('--max-send-bytes <number>', 'largest message sent (default 36700160)')
    .option('--max-recipients <number>', 'recipients of one message (default 500)')
    .option('--recipients-per-hour <number>', 'recipients of all mail of an account in one hour (default 2000)')
    .option('--max-devices <number>', 'devices of one account (MAX_DEVICES, default no limit)')
    .option('--quota-bytes <number>', 'bytes of a mailbox without limits of its own (QUOTA_BYTES)')
    .option('--quota-items <number>', 'its items (QUOTA_ITEMS)')
    .option('--quota-folder-items <number>', 'items of one of its folders (QUOTA_FOLDER_ITEMS)')
    .option('--quota-item-bytes <number>', 'bytes of one of its items (QUOTA_ITEM_BYTES)')
    .option('--commands-per-minute <number>', 'requests of one device (COMMANDS_PER_MINUTE, default 3000; 0: any)')
    .option('--syncs-per-minute <number>', 'Syncs of one device (SYNCS_PER_MINUTE, default 1800; 0: any)')
    .option('--same-commands <number>', 'the very same request in ten minutes (SAME_COMMANDS, default 100; 0: any)')
    .option('--throttle-minutes <number>', 'how long a device waits that asks for more (THROTTLE_MINUTES, default 10)')
    .option('--agent-changes <number>', 'changes of its User-Agent that a device may make (AGENT_CHANGES, default any)')
    .option('--agent-hours <number>', 'within so many hours (AGENT_HOURS, default 24)')
    .option('--agent-block-hours <number>', 'how long it waits after one more (AGENT_BLOCK_HOURS, default 14)')
    .option('--password-url <url>', 'where users change their password (PASSWORD_URL)')
    .option(
      '--password-warn-days <number>',
      'days before a password expires to say so (PASSWORD_WARN_DAYS, default 14)',
    )
    .option('--no-demo', 'make no demo account in an empty data folder')
    .addOption(
      new Option('--log-level <level>', 'LOG_LEVEL, default info').choices([
        'debug',
        'info',
        'warn',
        'error',
        'silent',
      ]),
    )
    .action((_flags, command: Command) => serve(command.optsWithGlobals<ServeFlags>()));
}

async function serve(flags: ServeFlags): Promise<void> {
  const options = readOptions(
    {
      ...storeOptions(flags),
      host: flags.host,
      port: flags.port,
      httpsPort: flags.httpsPort,
      smtpPort: flags.smtpPort,
      lmtpPort: flags.lmtpPort,
      tls: flags.tls,
      tlsNames: flags.tlsName,
      tlsCert: flags.tlsCert,
      tlsKey: flags.tlsKey,
      smimeRoots: flags.smimeRoots,
      trustedHops: flags.trustedHops,
      logLevel: flags.logLevel,
      authUrl: flags.authUrl,
      oidcIssuer: flags.oidcIssuer,
      oidcAudience: flags.oidcAudience,
      versions: flags.versions,
      minHeartbeatS: flags.minHeartbeat,
      maxHeartbeatS: flags.maxHeartbeat,
      maxMessageBytes: flags.maxMessageBytes,
      relayUrl: flags.relayUrl,
      mailName: flags.mailName,
      relayOwnDomains: flags.relayOwnDomains,
      galScope: flags.galScope as 'domain' | undefined,
      maxSendBytes: flags.maxSendBytes,
      maxRecipients: flags.maxRecipients,
      recipientsPerHour: flags.recipientsPerHour,
      ...limits(flags),
      demo: flags.demo,
    },
    process.env,
  );
  limitThreadsApart();
  const running = await start(options);
  announce(running);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(running, signal));
}

/** Options of the same name. */
const limits = (flags: ServeFlags) => ({
  maxDevices: flags.maxDevices,
  quotaBytes: flags.quotaBytes,
  quotaItems: flags.quotaItems,
  quotaFolderItems: flags.quotaFolderItems,
  quotaItemBytes: flags.quotaItemBytes,
  commandsPerMinute: flags.commandsPerMinute,
  syncsPerMinute: flags.syncsPerMinute,
  sameCommands: flags.sameCommands,
  throttleMinutes: flags.throttleMinutes,
  agentChanges: flags.agentChanges,
  agentHours: flags.agentHours,
  agentBlockHours: flags.agentBlockHours,
  passwordUrl: flags.passwordUrl,
  passwordWarnDays: flags.passwordWarnDays,
});

/** Every held Ping is answered before the process ends; a second signal does not wait. */
async function stop(running: Running, signal: NodeJS.Signals): Promise<void> {
  for (const again of ['SIGTERM', 'SIGINT'] as const) process.once(again, () => process.exit(1));
  console.error(`${signal}: answering what is held ...`);
  // A person at a terminal does not wait for a load balancer to notice.
  await running.drain(signal === 'SIGINT' ? 0 : undefined);
  await running.close();
}

function announce(running: Running): void {
  const lines = [
    `Exchange ActiveSync  ${running.url}/Microsoft-Server-ActiveSync`,
    ...(running.httpsUrl ? [`                     ${running.httpsUrl}/Microsoft-Server-ActiveSync`] : []),
    ...(running.trustUrl ? [`Trust it on a phone  ${running.trustUrl}`] : []),
    `SMTP                 ${running.smtp.host}:${running.smtp.port}`,
    ...(running.lmtp ? [`LMTP                 ${running.lmtp.host}:${running.lmtp.port}`] : []),
  ];
  for (const line of lines) console.error(line);
  if (running.demo) {
    const { address, password } = running.demo;
    console.error(`
Demo account         ${address}   password ${password}

  Watch it as a phone:  npm run -s client -- --url ${running.url} --user ${address} --password ${password}
  Send it a message:    npm run -s direct-push -- deliver ${address} < message.eml
  Make your own:        npm run -s direct-push -- user add you@example.com
`);
  }
}
