import { createTransport } from 'nodemailer';
import { errorFields, type Log } from '../../ops/log.ts';
import type { Relay, RelayOutcome } from './types.ts';

export interface SmtpRelayOptions {
  /** `smtp://user:password@host:587` (STARTTLS where it is offered, and always with a password) or `smtps://...`. */
  readonly url: string;
  readonly connections?: number;
  /** EHLO name. */
  readonly hostname?: string;
}

/** What nodemailer's errors and results say of a refusal. */
interface Refusal {
  readonly responseCode?: number;
  readonly response?: string;
  readonly recipient?: string;
  readonly code?: string;
  readonly rejectedErrors?: readonly Refusal[];
}

/** Everything goes to one server, which knows the way. Connections are kept for the next message. */
export function createSmtpRelay(options: SmtpRelayOptions, log: Log): Relay {
  const secret = new URL(options.url).password !== '';
  const transport = createTransport({
    url: options.url,
    pool: true,
    name: options.hostname,
    maxConnections: options.connections ?? 5,
    // A password never goes over a line that somebody can read; the URL may say otherwise (`?requireTLS=false`).
    requireTLS: secret,
    connectionTimeout: 30_000,
    greetingTimeout: 30_000,
    socketTimeout: 120_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // A connection that dies while it idles is none of anybody's message.
  transport.on('error', (error) => log.warn('relay connection failed', errorFields(error)));
  return {
    async send(from, to, raw) {
      try {
        const info = await transport.sendMail({
          envelope: { from, to: [...to], use8BitMime: true },
          raw: Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength),
        });
        return outcomesOf(to, (info as Refusal).rejectedErrors ?? [], { kind: 'sent' });
      } catch (error) {
        log.warn('relay refused', errorFields(error));
        const refusal = error as Refusal;
        return outcomesOf(to, refusal.rejectedErrors ?? [], outcomeOf(refusal));
      }
    },
    close: () => transport.close(),
  };
}

function outcomesOf(to: readonly string[], refused: readonly Refusal[], others: RelayOutcome): readonly RelayOutcome[] {
  return to.map((address) => {
    const refusal = refused.find(({ recipient }) => recipient?.toLowerCase() === address.toLowerCase());
    return refusal ? outcomeOf(refusal) : others;
  });
}

/** Refusals for good. A failed login or no TLS (EAUTH, ETLS) is the operator's mistake: mail waits until it is mended. */
function outcomeOf({ responseCode, response, code }: Refusal): RelayOutcome {
  const text = response ?? code ?? 'connection failed';
  const status = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(text)?.[1];
  const permanent = responseCode !== undefined && responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE');
  return permanent ? { kind: 'failed', status: status ?? '5.0.0', text } : { kind: 'later', status: '4.4.0', text };
}
