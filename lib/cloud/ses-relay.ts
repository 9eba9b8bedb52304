import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { Relay, RelayOutcome } from '../delivery/outbound/types.ts';
import { errorFields, type Log } from '../ops/log.ts';
import { destinationOf, withoutBcc } from './ses-envelope.ts';

/** SES takes this many recipients of one message, To, Cc and Bcc together. */
const RECIPIENTS = 50;
/** Largest message of version 2 of its API, as it is sent. */
const MESSAGE_BYTES = 40 * 1024 * 1024;
/**
 * Then a send is given up, with all its attempts: without a limit one that is never answered keeps its place for the life of
 * the process. 40 MB take seconds. It may have been sent all the same, so it is the queue that tries again, later, and not
 * the client at once.
 */
const GIVE_UP_MS = 60_000;
/** What is quoted of a refusal in a bounce. */
const TEXT = 300;

type Trouble = Exclude<RelayOutcome, { readonly kind: 'sent' }>;

/**
 * Refusals that stay the same however often they are asked for, with the status of the bounce (RFC 3463). All else
 * waits and is tried again for as long as the queue does: rates and daily quotas, SES being away, and what an operator
 * can mend (a domain that is not verified, sending that is paused, a right that is missing).
 */
const FINAL: Readonly<Record<string, string>> = {
  // Content that SES will not send, or a recipient while the account is in its sandbox.
  MessageRejected: '5.7.1',
  // An address or a header that cannot be.
  BadRequestException: '5.6.0',
};
const PAUSED: Readonly<Record<string, string>> = {
  TooManyRequestsException: '4.7.28',
  ThrottlingException: '4.7.28',
  LimitExceededException: '4.7.28',
  SendingPausedException: '4.7.0',
  AccountSuspendedException: '4.7.0',
  MailFromDomainNotVerifiedException: '4.7.0',
};
const TOO_LARGE: Trouble = { kind: 'failed', status: '5.3.4', text: 'SES takes messages of 40 MB' };

/** Mail out through SES, as it is; SES adds its own signature and return path. */
export function createSesRelay(log: Log, client = sesClient(), giveUpMs = GIVE_UP_MS): Relay {
  async function once(from: string, to: readonly string[], raw: Uint8Array): Promise<RelayOutcome> {
    try {
      await client.send(
        new SendEmailCommand({
          // A bounce has no sender, but SES wants one: the header's From is taken then.
          ...(from && { FromEmailAddress: from }),
          Destination: destinationOf(to, raw),
          Content: { Raw: { Data: raw } },
        }),
        { abortSignal: AbortSignal.timeout(giveUpMs) },
      );
      return { kind: 'sent' };
    } catch (error) {
      log.warn('ses-send', { recipients: to.length, ...errorFields(error) });
      return outcomeOf(error);
    }
  }

  /** One bad address makes SES refuse a message for all of its recipients: halves tell which one it is. */
  async function all(from: string, to: readonly string[], raw: Uint8Array): Promise<readonly RelayOutcome[]> {
    const outcome = await once(from, to, raw);
    if (outcome.kind !== 'failed' || to.length === 1) return to.map(() => outcome);
    const half = Math.ceil(to.length / 2);
    return [...(await all(from, to.slice(0, half), raw)), ...(await all(from, to.slice(half), raw))];
  }

  return {
    async send(from, to, raw) {
      const sent = withoutBcc(raw);
      if (sent.length > MESSAGE_BYTES) return to.map(() => TOO_LARGE);
      const outcomes: RelayOutcome[] = [];
      for (let start = 0; start < to.length; start += RECIPIENTS) {
        outcomes.push(...(await all(from, to.slice(start, start + RECIPIENTS), sent)));
      }
      return outcomes;
    },
    close: () => client.destroy(),
  };
}

function sesClient(): SESv2Client {
  return new SESv2Client({ maxAttempts: 4, requestHandler: { connectionTimeout: 3000 } });
}

/** The words are the sender's to read: they name recipients, so the log gets none of them. */
function outcomeOf(error: unknown): Trouble {
  const { name, message } = error instanceof Error ? error : { name: 'unknown', message: '' };
  const text = `${name}: ${message}`.slice(0, TEXT);
  const final = FINAL[name];
  if (final) return { kind: 'failed', status: final, text: `SES refused the message: ${text}` };
  return { kind: 'later', status: PAUSED[name] ?? '4.4.0', text: `SES did not take the message: ${text}` };
}
