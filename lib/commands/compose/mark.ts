import { parseAddresses } from '../../mail/addresses.ts';
import type { EmailContent } from '../../mail/types.ts';
import { type Item, type Mailbox, NoItem } from '../../mailbox/types.ts';
import { errorFields, type Log } from '../../ops/log.ts';
import type { Verb } from './request.ts';

/** MS-ASEMAIL 2.2.2.44. */
const LastVerb = { ReplyToSender: 1, ReplyToAll: 2, Forward: 3 } as const;

/** Reply to all: somebody besides its author who got the source gets the answer too. */
export function verbOf(
  verb: Exclude<Verb, 'send'>,
  source: EmailContent,
  recipients: readonly string[],
  isOwn: (address: string) => boolean,
): 1 | 2 | 3 {
  if (verb === 'forward') return LastVerb.Forward;
  const addresses = (fields: readonly string[]) => parseAddresses(fields).map(({ address }) => address.toLowerCase());
  const authors = new Set(addresses([source.from, source.replyTo.replaceAll(';', ',')]));
  const others = addresses([source.to, source.cc]).filter((address) => !authors.has(address) && !isOwn(address));
  const answered = new Set(recipients.map((address) => address.toLowerCase()));
  return others.some((address) => answered.has(address)) ? LastVerb.ReplyToAll : LastVerb.ReplyToSender;
}

/**
 * The source shows what was done with it, on every device: the change has no origin. The message is on its way by now,
 * so a source that is gone or cannot be written is no failure.
 */
export async function markSource(
  mailbox: Mailbox,
  source: Item,
  lastVerb: 1 | 2 | 3,
  lastVerbAt: number,
  log: Log,
): Promise<void> {
  try {
    await mailbox.update(source.folder, source.id, ({ content }) => {
      if ((content.lastVerbAt ?? 0) > lastVerbAt) return undefined;
      return { content: { ...content, lastVerb, lastVerbAt }, kind: 'change' };
    });
  } catch (error) {
    if (!(error instanceof NoItem)) log.warn('source not marked', { item: source.id, ...errorFields(error) });
  }
}
