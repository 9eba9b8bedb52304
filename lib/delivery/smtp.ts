import type { SecureContextOptions } from 'node:tls';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import { withLimits } from '../mail/limits.ts';
import { type Budget, createBudget } from '../ops/budget.ts';
import type { Clock } from '../ops/clock.ts';
import { errorFields, type Log } from '../ops/log.ts';
import type { Delivery } from './deliver.ts';
import { collect } from './smtp-data.ts';
import { deliverAll, failure, type Outcome, reply } from './smtp-outcome.ts';
import { traceOf } from './trace.ts';

export interface SmtpLimits {
  /** Bytes of one message, as SIZE announces it. */
  readonly messageBytes: number;
  /** Bytes of all messages that are being received or delivered at one time; more waits at the sender (451). */
  readonly inFlightBytes: number;
  readonly recipients: number;
  readonly connections: number;
  /** Silence after which a connection is closed. */
  readonly idleMs: number;
  /** The longest that one message may take to come in. */
  readonly dataMs: number;
  /** How long `close` waits for messages that are being received. */
  readonly closeMs: number;
}

export const SMTP_LIMITS: SmtpLimits = {
  messageBytes: 50 * 1024 * 1024,
  inFlightBytes: 256 * 1024 * 1024,
  recipients: 100,
  connections: 200,
  idleMs: 120_000,
  dataMs: 900_000,
  closeMs: 10_000,
};

export interface SmtpOptions {
  readonly protocol: 'smtp' | 'lmtp';
  /** What the server calls itself in its greeting and in Received. */
  readonly hostname: string;
  /** STARTTLS is offered where there is a certificate. */
  readonly tls?: Pick<SecureContextOptions, 'key' | 'cert'>;
  readonly limits?: Partial<SmtpLimits>;
}

export interface SmtpServices {
  readonly delivery: Delivery;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SmtpListener {
  /** @returns the port, where 0 was asked for @throws the listen error */
  listen(port: number, host?: string): Promise<number>;
  /** Offers another certificate from the next STARTTLS on. Harmless where none was given. */
  renew(tls: NonNullable<SmtpOptions['tls']>): void;
  /** Stops accepting, lets messages in transfer end, then closes what is left. */
  close(): Promise<void>;
}

/**
 * SMTP or LMTP in. Mail is taken for addresses of the directory only (no relaying, no authentication), and accepted
 * only when it is committed. @throws RangeError for limits that are none
 */
export function createSmtpServer(services: SmtpServices, options: SmtpOptions): SmtpListener {
  const limits = withLimits(SMTP_LIMITS, options.limits);
  const budget = createBudget(limits.inFlightBytes);
  const server = new SMTPServer({
    ...protocolOptions(options, limits),
    onRcptTo: ({ address }, { envelope: { mailFrom } }, callback) => {
      checkRecipient(services, address, mailFrom ? mailFrom.address : '').then(callback, () => callback(temporary()));
    },
    onData: (stream, session, callback) => {
      const giveUp = services.clock.after(limits.dataMs, () => closeConnection(server, session.id));
      receive(services, options, { stream, session, budget, limits })
        .then((outcomes) => reply(outcomes, options.protocol, callback))
        .catch((error: unknown) => {
          services.log.error('message not accepted', errorFields(error));
          callback(temporary());
        })
        .finally(giveUp);
    },
  });
  server.on('error', (error) => services.log.warn('smtp connection failed', errorFields(error)));
  return {
    listen: (port, host) => listen(server, port, host),
    renew: (tls) => options.tls && server.updateSecureContext({ ...tls }),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

function protocolOptions(options: SmtpOptions, limits: SmtpLimits): SMTPServerOptions {
  return {
    lmtp: options.protocol === 'lmtp',
    name: options.hostname,
    size: limits.messageBytes,
    rejectOversized: true,
    maxRecipients: limits.recipients,
    maxClients: limits.connections,
    socketTimeout: limits.idleMs,
    closeTimeout: limits.closeMs,
    authOptional: true,
    // WIZ and SHELL are jokes of the library; a scanner should not be told them.
    disabledCommands: ['AUTH', 'WIZ', 'SHELL', ...(options.tls ? [] : ['STARTTLS'])],
    hideSTARTTLS: !options.tls,
    // 8BITMIME stays: SMTPUTF8 may not be offered without it (RFC 6531 3.1), and who converts on the way breaks signatures.
    ...options.tls,
    useProxy: false,
    useXClient: false,
    useXForward: false,
    // A look-up per connection would make the speed of mail that of a resolver.
    disableReverseLookup: true,
    logger: false,
  };
}

const temporary = () => failure('later');

async function checkRecipient({ delivery, log }: SmtpServices, address: string, from: string): Promise<Error | null> {
  try {
    const accepted = await delivery.accepts(address, from);
    return accepted === 'yes' ? null : failure(accepted);
  } catch (error) {
    log.warn('recipient not checked', errorFields(error));
    return temporary();
  }
}

interface Incoming {
  readonly stream: Parameters<NonNullable<SMTPServerOptions['onData']>>[0];
  readonly session: SMTPServerSession;
  readonly budget: Budget;
  readonly limits: SmtpLimits;
}

async function receive(services: SmtpServices, options: SmtpOptions, incoming: Incoming): Promise<readonly Outcome[]> {
  const { stream, session, budget, limits } = incoming;
  const { mailFrom, rcptTo } = session.envelope;
  const addresses = rcptTo.map(({ address }) => address);
  const data = await collect(stream, budget, limits.messageBytes);
  try {
    if (!data.ok) return addresses.map((): Outcome => (data.reason === 'size' ? 'too-large' : 'later'));
    const from = mailFrom ? mailFrom.address : '';
    const trace = traceOf(session, { from, hostname: options.hostname, now: services.clock.now() });
    const message = await services.delivery.read(data.bytes, { from, trace, arrival: 'live' });
    return await deliverAll(services, addresses, message);
  } finally {
    data.release();
  }
}

function closeConnection(server: SMTPServer, id: string): void {
  for (const connection of server.connections) if (connection.session.id === id) connection.close();
}

function listen(server: SMTPServer, port: number, host: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(error);
    server.server.once('error', failed);
    server.listen(port, host, () => {
      server.server.off('error', failed);
      const bound = server.server.address();
      resolve(bound !== null && typeof bound === 'object' ? bound.port : port);
    });
  });
}
