import { createHash } from 'node:crypto';
import type { Account, Device, Devices, Directory } from '../identity/types.ts';
import { mailDate } from '../mail/outgoing.ts';
import { field, joinMessage } from '../mail/raw-message.ts';
import type { Usage } from '../mailbox/quota.ts';
import type { Mailboxes } from '../mailbox/types.ts';
import type { Clock } from '../ops/clock.ts';
import { type MailboxId, ulidFor } from '../ops/ids.ts';
import { errorFields, type Log } from '../ops/log.ts';
import { ConditionFailed, type Write } from '../store/ports.ts';
import { keys, LEDGER_TTL_S } from '../store/schema.ts';
import type { Delivery } from './deliver.ts';
import { deviceNotice, type NoticeText, quotaNotice } from './notice-texts.ts';

export interface NoticeServices {
  readonly delivery: Pick<Delivery, 'read' | 'store' | 'inbox'>;
  readonly mailboxes: Pick<Mailboxes, 'open'>;
  readonly devices: Pick<Devices, 'replace'>;
  readonly directory: Pick<Directory, 'get'>;
  readonly clock: Clock;
  readonly log: Log;
  /** What the server calls itself. */
  readonly hostname: string;
}

/** Mail of the server itself to a user of its own. Never rejects: what cannot be told now is told by the next occasion. */
export interface Notices {
  /** Why the device is shut out, where that has not been told yet. */
  device(account: Account, device: Device): Promise<void>;
  /** That the mailbox is nearly full, once until there is room again. */
  quota(mailbox: MailboxId, usage: Usage): Promise<void>;
}

export function createNotices(services: NoticeServices): Notices {
  const { delivery, mailboxes, devices, directory, clock, log, hostname } = services;

  /** Into the Inbox, together with the row that says it was told. Full or not: nobody could be told that it is full. */
  async function put(account: Account, text: NoticeText, about: string, once: Write): Promise<void> {
    const at = clock.now();
    const raw = joinMessage({
      fields: [
        field('Date', mailDate(at)),
        field('From', `Direct Push <postmaster@${hostname}>`),
        field('To', account.address),
        field('Subject', text.subject),
        field('Message-ID', `<${createHash('sha256').update(about).digest('hex').slice(0, 32)}@${hostname}>`),
        // RFC 3834: no automatic reply may answer this.
        field('Auto-Submitted', 'auto-generated'),
        field('MIME-Version', '1.0'),
        field('Content-Type', 'text/plain; charset=utf-8'),
        field('Content-Transfer-Encoding', '8bit'),
      ],
      body: Buffer.from(text.lines.join('\r\n').concat('\r\n'), 'utf8'),
    });
    const message = await delivery.read(raw, { from: '', arrival: 'live' });
    const item = await delivery.store(account.id, { ...message, item: ulidFor(at, `${account.id} ${about}`) });
    const folder = await delivery.inbox(account.id);
    await mailboxes.open(account.id).append(folder, [item], { with: [once], overQuota: true });
    log.info('notice', { mailbox: account.id, about: about.split(' ', 1)[0] });
  }

  async function quietly(mailbox: MailboxId, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // Whoever was faster has told it.
      if (!(error instanceof ConditionFailed)) log.warn('notice failed', { mailbox, ...errorFields(error) });
    }
  }

  return {
    async device(account, device) {
      const { notice } = device;
      if (!notice) return;
      await quietly(account.id, async () => {
        const about = `device ${device.id} ${notice.about} ${notice.at}`;
        const { table, pk, sk } = keys.delivered(account.id, createHash('sha256').update(about).digest('hex'));
        const now = clock.now();
        const row = { pk, sk, at: now, ttl: Math.floor(now / 1000) + LEDGER_TTL_S };
        try {
          await put(account, deviceNotice(device, notice.about), about, {
            op: 'put',
            table,
            row,
            when: { row: 'absent' },
          });
        } catch (error) {
          if (!(error instanceof ConditionFailed)) throw error;
        }
        // Another may have become due meanwhile: it is told by the next request.
        await devices.replace(account.id, device, 'notice', { notice: undefined });
      });
    },
    async quota(mailbox, usage) {
      await quietly(mailbox, async () => {
        const account = await directory.get(mailbox);
        if (!account) return;
        const { table, pk, sk } = keys.quotaWarned(mailbox);
        const at = clock.now();
        const once: Write = { op: 'put', table, row: { pk, sk, at }, when: { row: 'absent' } };
        await put(account, quotaNotice(usage), `quota ${at}`, once);
      });
    },
  };
}
