import { describe, expect, it, onTestFinished } from 'vitest';
import type { EmailContent } from '../../../lib/mail/types.ts';
import type { FolderId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { parseQuery } from '../../../lib/search/kql.ts';
import { MailSearch } from '../../../lib/search/mail-search.ts';
import { SqliteSearchIndex } from '../../../lib/search/sqlite/index.ts';
import { TableSearchIndex } from '../../../lib/search/table/index.ts';
import type { SearchIndex, Step } from '../../../lib/search/types.ts';
import { LOG_TTL_S } from '../../../lib/store/schema.ts';
import { email, INBOX, idOf, openTestMailbox, TRASH } from '../../support/mailboxes.ts';
import { temporaryFolder } from '../../support/stores.ts';

async function world(make?: (inner: SearchIndex) => SearchIndex, inTables = false) {
  const box = await openTestMailbox();
  const { store, clock, mailboxes, mailbox } = box;
  const inner = inTables
    ? new TableSearchIndex(store.table, 10)
    : new SqliteSearchIndex({ dir: await temporaryFolder() });
  onTestFinished(() => inner.close());
  const index = make ? make(inner) : inner;
  const search = new MailSearch({ index, mailboxes, blobs: store.blobs, clock, log: silentLog });
  const find = async (text: string, to = 99) => {
    const { items, total } = await search.search(mailbox, parseQuery(text), { from: 0, to });
    expect(total).toBe(items.length);
    return items.map(({ content }) => content.subject);
  };
  return { ...box, index, search, find };
}
const many = (count: number, over: Partial<EmailContent> = {}) =>
  Array.from({ length: count }, (_, n) => email(`m${n}`, { received: Date.UTC(2026, 0, 1) + n * 60_000, ...over }));

async function append(
  mailbox: Awaited<ReturnType<typeof world>>['mailbox'],
  items: ReturnType<typeof many>,
  folder = INBOX,
) {
  for (let at = 0; at < items.length; at += 45) await mailbox.append(folder, items.slice(at, at + 45));
}

describe.each([
  ['files', false],
  ['tables', true],
])('the index in %s follows the mailbox', (_, inTables) => {
  it('from its first message on: additions, changes, moves, deletions', async () => {
    const { mailbox, find } = await world(undefined, inTables);
    expect(await find('subject')).toEqual([]);
    await mailbox.append(INBOX, [email('a'), email('b')]);
    expect(await find('subject')).toHaveLength(2);
    await mailbox.update(INBOX, idOf('a'), ({ content }) => ({
      kind: 'change',
      content: { ...content, subject: 'Draft two' },
    }));
    expect(await find('subject')).toEqual(['Subject b']);
    expect(await find('draft')).toEqual(['Draft two']);
    await mailbox.update(INBOX, idOf('a'), ({ content }) => ({ kind: 'flags', content: { ...content, read: true } }));
    await mailbox.move(INBOX, idOf('a'), TRASH);
    expect(await find('draft')).toEqual(['Draft two']);
    await mailbox.remove(INBOX, [idOf('b')]);
    expect(await find('subject')).toEqual([]);
  });

  it('that was full before anybody searched it', async () => {
    const { mailbox, find } = await world(undefined, inTables);
    await append(mailbox, many(130));
    expect(await find('hello', 199)).toHaveLength(130);
    await mailbox.append(INBOX, [email('late')]);
    expect(await find('hello', 199)).toHaveLength(131);
  });

  it('and forgets a folder that was deleted', async () => {
    const { mailbox, index, find } = await world(undefined, inTables);
    const { id } = await mailbox.createFolder({ name: 'Gone', parent: '0' as FolderId, type: 12 });
    await append(mailbox, many(12), id);
    expect(await find('hello')).toHaveLength(12);
    await mailbox.deleteFolder(id);
    expect(await find('hello')).toEqual([]);
    expect((await index.marks(mailbox.id))!.folders.has(id)).toBe(false);
  });

  it('through a log that does not reach back any more', async () => {
    const { clock, mailbox, find } = await world(undefined, inTables);
    await mailbox.append(INBOX, [email('a')]);
    expect(await find('subject')).toHaveLength(1);
    await mailbox.append(INBOX, [email('b')]);
    await clock.advance((LOG_TTL_S + 10) * 1000);
    await mailbox.append(INBOX, [email('c')]);
    expect(await find('subject')).toHaveLength(3);
  });
});

describe('the indexer', () => {
  it('begins anew where the mailbox was restored', async () => {
    const { mailbox, index, find } = await world();
    await mailbox.append(INBOX, [email('a')]);
    await find('subject');
    await index.reset(mailbox.id, 'of a time before');
    expect(await find('subject')).toEqual(['Subject a']);
    expect((await index.marks(mailbox.id))!.incarnation).toBe((await mailbox.state()).incarnation);
  });

  it('makes every step once when two processes follow one mailbox', async () => {
    const { mailboxes, store, clock, mailbox, index, find } = await world();
    await append(mailbox, many(200));
    const log = silentLog;
    const other = new MailSearch({ index, mailboxes, blobs: store.blobs, clock, log });
    await Promise.all([
      find('hello', 299),
      other.indexer.catchUp(mailbox, 60_000),
      other.indexer.catchUp(mailbox, 60_000),
    ]);
    expect(await find('hello', 299)).toHaveLength(200);
  });

  it('goes on where it was when it ended in the middle', async () => {
    let left = 2;
    const put: number[] = [];
    const { mailbox, search, find } = await world((inner) => {
      const apply: SearchIndex['apply'] = (box, folder, step: Step) => {
        if (left-- === 0) throw new Error('the process ended');
        put.push(step.put.length);
        return inner.apply(box, folder, step);
      };
      return new Proxy(inner, { get: (target, name) => (name === 'apply' ? apply : bound(target, name)) });
    });
    await append(mailbox, many(130));
    await expect(search.indexer.catchUp(mailbox, 60_000)).rejects.toThrow('the process ended');
    expect(await find('hello', 199)).toHaveLength(130);
    // Nothing of the Inbox was indexed twice.
    expect(put.reduce((sum, each) => sum + each, 0)).toBe(130);
  });

  it('gives way when its time is over, and says so', async () => {
    const { mailbox, search } = await world();
    await append(mailbox, many(60));
    expect((await search.indexer.catchUp(mailbox, 0)).complete).toBe(false);
    expect((await search.indexer.catchUp(mailbox, 60_000)).complete).toBe(true);
  });

  it('reads a body that is too long for its row from its blob', async () => {
    const { mailbox, store, find } = await world();
    const blob = `${mailbox.id}/long/text`;
    const body = `${'word '.repeat(2000)}needle`;
    await store.blobs.put(blob, Buffer.from(body));
    await mailbox.append(INBOX, [email('long', { text: { size: body.length, prefix: 'word', blob } })]);
    expect(await find('needle')).toEqual(['Subject long']);
  });

  it('lets a step wait in tables until it is worth its writes, or a day old', async () => {
    const steps: number[] = [];
    const { clock, mailbox, find } = await world((inner) => {
      const apply: SearchIndex['apply'] = (box, folder, step) => {
        if (step.put.length > 0) steps.push(step.put.length);
        return inner.apply(box, folder, step);
      };
      return new Proxy(inner, { get: (target, name) => (name === 'apply' ? apply : bound(target, name)) });
    }, true);
    expect(await find('subject')).toEqual([]);
    for (let n = 0; n < 9; n++) {
      await mailbox.append(INBOX, [email(`n${n}`)]);
      expect(await find('subject')).toHaveLength(n + 1);
    }
    expect(steps).toEqual([]);
    await mailbox.append(INBOX, [email('tenth')]);
    expect(await find('subject')).toHaveLength(10);
    expect(steps).toEqual([10]);
    await mailbox.append(INBOX, [email('last')]);
    await find('subject');
    await clock.advance(86_400_001);
    expect(await find('subject')).toHaveLength(11);
    expect(steps).toEqual([10, 1]);
  });
});

function bound(target: SearchIndex, name: string | symbol): unknown {
  const value = Reflect.get(target, name) as unknown;
  return typeof value === 'function' ? value.bind(target) : value;
}
