import { readdir } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Account } from '../../../lib/identity/types.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { keepIndexes } from '../../../lib/search/keep.ts';
import { MailSearch } from '../../../lib/search/mail-search.ts';
import { SqliteSearchIndex } from '../../../lib/search/sqlite/index.ts';
import type { FeedRecord } from '../../../lib/store/ports.ts';
import { settle } from '../../support/fake-clock.ts';
import { ALICE, email, INBOX, openTestMailbox } from '../../support/mailboxes.ts';
import { temporaryFolder } from '../../support/stores.ts';

async function kept(accounts: readonly string[] = []) {
  const { store, clock, mailboxes, mailbox } = await openTestMailbox();
  const dir = await temporaryFolder();
  const index = new SqliteSearchIndex({ dir });
  onTestFinished(() => index.close());
  const { indexer } = new MailSearch({ index, mailboxes, blobs: store.blobs, clock, log: silentLog });
  const feed = { listener: undefined as ((records: readonly FeedRecord[]) => void) | undefined };
  const stop = keepIndexes({
    indexer,
    mailboxes,
    clock,
    log: silentLog,
    feed: {
      subscribe(listener) {
        feed.listener = listener;
        return () => {
          feed.listener = undefined;
        };
      },
    },
    accounts: {
      async *list() {
        for (const id of accounts) yield { id } as Account;
      },
    },
  });
  onTestFinished(stop);
  const wait = async (ms: number) => {
    for (let n = 0; n < 10; n++) {
      await clock.advance(ms / 10);
      await settle();
    }
  };
  const indexed = async () => (await index.search(ALICE, { clauses: [] }, 100)).total;
  const tell = () => feed.listener?.([{ pk: `U#${ALICE}`, sk: `F#${INBOX}` }]);
  const files = () => readdir(dir);
  return { mailbox, feed, stop, wait, indexed, files, tell };
}

describe('the index is kept right behind its mailbox', () => {
  it('soon after a change is told, once for a burst', async () => {
    const { mailbox, wait, indexed, tell } = await kept();
    await mailbox.append(INBOX, [email('a')]);
    tell();
    await mailbox.append(INBOX, [email('b')]);
    tell();
    expect(await indexed()).toBe(0);
    await wait(1_000);
    expect(await indexed()).toBe(2);
    await mailbox.append(INBOX, [email('c')]);
    tell();
    await wait(1_000);
    expect(await indexed()).toBe(3);
  });

  it('after a start for every account that there is, and goes on after one that has no mailbox', async () => {
    const { mailbox, wait, indexed } = await kept(['nobody', ALICE]);
    await mailbox.append(INBOX, [email('a')]);
    await wait(20_000);
    expect(await indexed()).toBe(1);
  });

  it('not at all for a mailbox that never had mail: new accounts cost no file and no write', async () => {
    const { mailbox, files, wait, indexed, tell } = await kept([ALICE]);
    tell();
    await wait(20_000);
    expect(await files()).toEqual([]);
    await mailbox.append(INBOX, [email('a')]);
    tell();
    await wait(1_000);
    expect(await indexed()).toBe(1);
    expect(await files()).toContain(`${ALICE}.sqlite`);
  });

  it('no more once it is stopped', async () => {
    const { mailbox, feed, stop, wait, indexed, tell } = await kept([ALICE]);
    await mailbox.append(INBOX, [email('a')]);
    tell();
    stop();
    await wait(20_000);
    expect([await indexed(), feed.listener]).toEqual([0, undefined]);
  });
});
