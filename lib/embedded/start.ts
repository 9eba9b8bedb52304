import { hostname } from 'node:os';
import type { Delivered } from '../delivery/deliver.ts';
import { createSmtpServer, type SmtpListener } from '../delivery/smtp.ts';
import { listenHybrid } from '../http/hybrid.ts';
import type { Listener, ListenOptions } from '../http/listener.ts';
import type { Handler } from '../http/types.ts';
import { newAppSecret } from '../identity/app-passwords.ts';
import type { AuthenticatorOptions } from '../identity/authenticator.ts';
import type { HashCost } from '../identity/password-hash.ts';
import { type Clock, systemClock } from '../ops/clock.ts';
import { createLog, type Log } from '../ops/log.ts';
import type { Tracer } from '../ops/tracer.ts';
import { FastPath } from '../push/fast-path.ts';
import { type HoldOptions, SINGLE_WRITES } from '../push/options.ts';
import type { Holder, Wake } from '../push/types.ts';
import { followCertificate, readCertificate } from './certificate.ts';
import { type Domain, type DomainSettings, openDomain } from './domain.ts';
import { startHolding } from './holding.ts';
import { startMailOut } from './mail-out.ts';
import { type EmbeddedInput, type EmbeddedOptions, readOptions } from './options.ts';
import { createProduct, type ProductSettings } from './product.ts';
import { readRoots } from './smime-roots.ts';
import { trustPages } from './trust.ts';

/** What a test or a program may replace; the command line gives none of it. */
export interface StartSettings {
  readonly clock?: Clock;
  readonly log?: Log;
  readonly hashCost?: HashCost;
  readonly hold?: Partial<HoldOptions>;
  readonly authentication?: AuthenticatorOptions;
  /** Spans of requests and looks; none where absent. */
  readonly tracer?: Tracer;
  /** What answers instead of the product, given it and the way to make another on the same store. */
  readonly front?: (product: Handler, another: (holder: Holder, settings: ProductSettings) => Handler) => Handler;
}

/** The server, running. */
export interface Running {
  /** `http://host:port`; the port is the one in use where 0 was asked for. */
  readonly url: string;
  readonly httpsUrl?: string;
  /** Where a phone gets the certificate authority of `tls`. */
  readonly trustUrl?: string;
  /** PEM of the same, for clients in this process. */
  readonly ca?: string;
  readonly smtp: { readonly host: string; readonly port: number };
  readonly lmtp?: { readonly host: string; readonly port: number };
  /** The account that the first start made. Its password is here and nowhere else. */
  readonly demo?: { readonly address: string; readonly password: string };
  readonly domain: Domain;
  readonly holder: Holder;
  /** Puts a message into the Inbox of whoever takes mail for the address. @throws NoRecipient */
  deliver(address: string, raw: Uint8Array | string): Promise<Delivered>;
  /** Stops accepting and answers everything held, spread over `ms` (default 90 s). */
  drain(ms?: number): Promise<void>;
  close(): Promise<void>;
}

const DRAIN_MS = 90_000;
const DEMO_ADDRESS = 'demo@localhost';

/**
 * The whole product in this process: ActiveSync over HTTP(S), mail in by SMTP, everything on one store.
 * @throws BadOption, or the error of the port or folder that cannot be used; nothing is left running then
 */
export async function start(input: EmbeddedInput = {}, settings: StartSettings = {}): Promise<Running> {
  const options = readOptions(input);
  const clock = settings.clock ?? systemClock;
  const log = settings.log ?? createLog(options.logLevel);
  const undo: (() => Promise<void> | void)[] = [];
  try {
    return await assemble(options, { ...settings, clock, log }, undo);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

type Settled = StartSettings & { readonly clock: Clock; readonly log: Log };

async function assemble(
  options: EmbeddedOptions,
  settings: Settled,
  undo: (() => Promise<void> | void)[],
): Promise<Running> {
  const { clock, log } = settings;
  const smimeRoots = await readRoots(options.smimeRoots);
  const own = ownCommits(options, clock);
  const domain = await openDomain(options, clock, log, { ...settings, over: own.over });
  undo.push(() => domain.close());
  const demo = options.demo ? await ensureDemo(domain) : undefined;
  const hold = { ...(options.store === 'dynamodb' && SINGLE_WRITES), ...settings.hold };
  const holding = await startHolding(domain, hold, settings.tracer);
  const { holder } = holding;
  own.wake = (wakes) => holder.wake(wakes);
  undo.push(() => holding.close());
  const mailOut = startMailOut(domain);
  undo.push(() => mailOut.close());
  const made: ProductSettings = { ...settings, smimeRoots };
  const product = createProduct(domain, holder, mailOut, made);
  const another = (of: Holder, given: ProductSettings) => createProduct(domain, of, mailOut, { ...made, ...given });
  const handler = settings.front?.(product, another) ?? product;
  const read = () => readCertificate(options, clock);
  const tls = await read();
  const front = {
    handler,
    clock,
    log,
    host: options.host,
    trustedHops: options.trustedHops,
  } satisfies Partial<ListenOptions>;
  const pages = tls?.ca ? trustPages(tls.ca) : undefined;
  const http = await listenHybrid({ ...front, port: options.port, pages });
  undo.push(() => http.close());
  const https = tls && (await listenHybrid({ ...front, port: options.httpsPort, pages, tls }));
  if (https) undo.push(() => https.close());
  const smtp = await listenMail('smtp', options.smtpPort, domain, tls);
  undo.push(() => smtp.listener.close());
  const lmtp = options.lmtpPort === undefined ? undefined : await listenMail('lmtp', options.lmtpPort, domain, tls);
  if (lmtp) undo.push(() => lmtp.listener.close());
  const listeners = https ? [http, https] : [http];
  const unfollow = tls
    ? followCertificate(tls, read, { clock, log }, (renewed) => {
        for (const user of [https, smtp.listener, lmtp?.listener]) user?.renew(renewed);
      })
    : () => {};
  undo.push(unfollow);
  return {
    url: http.url,
    httpsUrl: https?.url,
    trustUrl: tls?.ca ? `${http.url}/ca.mobileconfig (Apple) or ${http.url}/ca.crt` : undefined,
    ca: tls?.ca,
    smtp: { host: options.host, port: smtp.port },
    lmtp: lmtp && { host: options.host, port: lmtp.port },
    demo,
    domain,
    holder,
    deliver: (address, raw) =>
      domain.delivery.deliver(address, typeof raw === 'string' ? Buffer.from(raw) : raw, { from: '', arrival: 'live' }),
    drain: (ms = DRAIN_MS) => awake(drain(listeners, holder, ms)),
    close: async () => {
      unfollow();
      const mail = [smtp.listener, ...(lmtp ? [lmtp.listener] : []), mailOut];
      await awake(close(domain, listeners, mail, holding));
    },
  };
}

/**
 * Of SQLite the feed tells own commits at once. A stream tells them after its own time, half a second or more: what this
 * process commits wakes what it holds without that detour.
 */
function ownCommits({ store }: EmbeddedOptions, clock: Clock) {
  const own = { over: undefined as DomainSettings['over'], wake: (_wakes: readonly Wake[]): void => {} };
  if (store !== 'sqlite') own.over = (table) => new FastPath(clock, async (wakes) => own.wake(wakes)).over(table);
  return own;
}

async function listenMail(
  protocol: 'smtp' | 'lmtp',
  port: number,
  { delivery, clock, log, options }: Domain,
  tls: { readonly cert: string; readonly key: string } | undefined,
): Promise<{ readonly listener: SmtpListener; readonly port: number }> {
  const limits = { messageBytes: options.maxMessageBytes };
  const listener = createSmtpServer({ delivery, clock, log }, { protocol, hostname: hostname(), tls, limits });
  return { listener, port: await listener.listen(port, options.host) };
}

/** Only in a store without accounts: a server that somebody set up gets no account that they did not make. */
async function ensureDemo({ accounts }: Domain): Promise<Running['demo']> {
  for await (const _ of accounts.list()) return undefined;
  const password = newAppSecret();
  await accounts.create({ address: DEMO_ADDRESS, name: 'Demo', password });
  return { address: DEMO_ADDRESS, password };
}

/** Timers of the product never keep the process alive; whoever waits for it to end well must. */
async function awake(work: Promise<void>): Promise<void> {
  const alive = setInterval(() => {}, 60_000);
  try {
    await work;
  } finally {
    clearInterval(alive);
  }
}

/** Sockets stay open until their answers are out: the phones come back to whoever listens then. */
async function drain(listeners: readonly Listener[], holder: Holder, ms: number): Promise<void> {
  for (const listener of listeners) listener.drain();
  await holder.drain(ms);
}

async function close(
  domain: Domain,
  listeners: readonly Listener[],
  mail: readonly { close(): Promise<void> }[],
  holding: { close(): Promise<void> },
): Promise<void> {
  await Promise.all(mail.map((each) => each.close()));
  await holding.close();
  await Promise.all(listeners.map((each) => each.close()));
  await domain.close();
}
