import { domainPart } from '../../identity/names.ts';
import type { Account, Directory } from '../../identity/types.ts';
import { splitMessage } from '../../mail/raw-message.ts';
import type { Clock } from '../../ops/clock.ts';
import { newId } from '../../ops/ids.ts';
import { errorFields, type Log } from '../../ops/log.ts';
import type { Table, Write } from '../../store/ports.ts';
import { keys } from '../../store/schema.ts';
import { addressDigest, type Correspondents } from '../correspondents.ts';
import type { IncomingMessage } from '../message.ts';
import { newTx, putNew, type Queued } from '../outbound/row.ts';
import type { Route } from '../outbound/types.ts';
import { oofReply } from './reply.ts';
import { whomToAnswer } from './rules.ts';
import { type Audience, isAway, type OofSettings, type OofStore } from './settings.ts';

/** A reply that is made, and sent if and only if its rows commit. */
export interface AutoReply {
  /** Fail their condition where the sender has had a reply of this absence. */
  readonly writes: readonly Write[];
  /** After the commit. Without it the queue finds the message by itself, some seconds later. */
  release(): void;
}

/** Automatic replies of those who are away. */
export interface AutoReplies {
  /** What a message to this account is answered with; `undefined` for nothing. Never rejects: mail comes first. */
  prepare(account: Account, message: IncomingMessage): Promise<AutoReply | undefined>;
}

export interface AutoRepliesDeps {
  readonly directory: Pick<Directory, 'byAddress'>;
  readonly table: Pick<Table, 'get'>;
  readonly oof: Pick<OofStore, 'get'>;
  readonly correspondents: Pick<Correspondents, 'has'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: AutoReplyOptions;
  /** A reply was committed to the queue. */
  readonly queued?: (reply: Queued) => void;
}

export interface AutoReplyOptions {
  readonly hostname: string;
  /** There is a way out of here; without it only senders of this directory are answered. */
  readonly relay: boolean;
  /** Addresses of our domains that nobody has here are somewhere else. */
  readonly relayOwnDomains: boolean;
  /** All domains of this server are one organisation; otherwise each is one. */
  readonly oneOrganisation: boolean;
}

const DAY_S = 86_400;
/** Who had a reply is remembered so long after the absence, or of one without an end. */
const AFTER_S = 30 * DAY_S;
const ENDLESS_S = 400 * DAY_S;

export function createAutoReplies(deps: AutoRepliesDeps): AutoReplies {
  return {
    async prepare(account, message) {
      try {
        const made = await make(deps, account, message);
        return made && { writes: made.writes, release: () => deps.queued?.(made.queued) };
      } catch (error) {
        deps.log.warn('automatic reply not made', { mailbox: account.id, ...errorFields(error) });
        return undefined;
      }
    },
  };
}

async function make(deps: AutoRepliesDeps, account: Account, message: IncomingMessage) {
  const { clock, table, options } = deps;
  const now = clock.now();
  // A null sender is nobody; and most mailboxes are not away.
  if (message.from === '' || message.unanswered) return undefined;
  const settings = await deps.oof.get(account.id);
  if (!isAway(settings, now)) return undefined;
  const fields = splitMessage(message.raw)?.fields ?? [];
  const sender = whomToAnswer(message.from, fields, account);
  if (sender === undefined) return undefined;
  const { audience, route } = await standing(deps, account, sender);
  const said = settings.messages[audience];
  if (!said.enabled || said.text.trim() === '' || route === undefined) return undefined;
  const key = keys.oofAnswered(account.id, settings.period, addressDigest(sender));
  if (await table.get(key, 'strong')) return undefined;
  const id = newId(now);
  const { hostname } = options;
  const raw = oofReply({ account, to: sender, fields, message: said, id, now, hostname });
  const queued: Queued = {
    ...{ id, tx: newTx(), mailbox: account.id, to: [{ address: sender, route }], failed: [], attempts: 0, raw },
    // RFC 3834 3.3: nobody is told when it cannot be delivered, and nothing can come back in circles.
    from: '',
    ...{ due: now, at: now, failedAt: 0 },
  };
  const row = { pk: key.pk, sk: key.sk, at: now, ttl: forgotten(settings, now) };
  const answered: Write = { op: 'put', table: key.table, row, when: { row: 'absent' } };
  return { writes: [answered, putNew(queued)], queued };
}

const forgotten = ({ state, end = 0 }: OofSettings, now: number) =>
  state === 2 ? Math.floor(end / 1000) + AFTER_S : Math.floor(now / 1000) + ENDLESS_S;

/**
 * Internal is an address of the account's own domains, and everybody here where the domains are one organisation. Known
 * is to whom the mailbox has written before: a sender's name proves nothing, so it decides which text he gets and
 * nothing more.
 */
async function standing(
  { directory, correspondents, options }: AutoRepliesDeps,
  account: Account,
  sender: string,
): Promise<{ readonly audience: Audience; readonly route: Route | undefined }> {
  const own = [account.address, ...account.aliases].some((one) => domainPart(one) === domainPart(sender));
  const found = await directory.byAddress(sender);
  const ours = found?.enabled === true;
  const moved = ours && found.home !== undefined;
  const relay = options.relay && (!own || moved || options.relayOwnDomains) ? 'relay' : undefined;
  const route = ours && !moved ? 'local' : relay;
  if (own || (ours && options.oneOrganisation)) return { audience: 'internal', route };
  const known = route !== undefined && (await correspondents.has(account.id, sender));
  return { audience: known ? 'known' : 'unknown', route };
}
