import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { Relay, RelayOutcome } from '../delivery/outbound/types.ts';
import { errorFields, type Log } from '../ops/log.ts';

/** SES takes this many recipients of one message. */
const RECIPIENTS = 50;

/** Answers that stay the same however often they are asked for. */
const FINAL = new Set([
  'MessageRejected',
  'MailFromDomainNotVerifiedException',
  'BadRequestException',
  'NotFoundException',
]);

/** Mail out through SES, as it is; SES adds its own signature and return path. */
export function createSesRelay(log: Log, client = new SESv2Client({ maxAttempts: 4 })): Relay {
  async function some(from: string, to: readonly string[], raw: Uint8Array): Promise<RelayOutcome> {
    try {
      await client.send(
        new SendEmailCommand({
          // A bounce has no sender, but SES wants one: the header's From is taken then.
          ...(from && { FromEmailAddress: from }),
          Destination: { ToAddresses: [...to] },
          Content: { Raw: { Data: raw } },
        }),
      );
      return { kind: 'sent' };
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      log.warn('ses-send', errorFields(error));
      if (FINAL.has(name)) return { kind: 'failed', status: '5.7.1', text: `SES refused the message: ${name}` };
      return { kind: 'later', status: '4.4.0', text: 'SES could not be reached' };
    }
  }

  return {
    async send(from, to, raw) {
      const outcomes: RelayOutcome[] = [];
      for (let start = 0; start < to.length; start += RECIPIENTS) {
        const group = to.slice(start, start + RECIPIENTS);
        const outcome = await some(from, group, raw);
        outcomes.push(...group.map(() => outcome));
      }
      return outcomes;
    },
    close: () => client.destroy(),
  };
}
