/** What GetItemEstimate counts beside the mail above the cut-off: text messages, and old messages of conversations. */
import { describe, expect, test } from 'vitest';
import { createGetItemEstimateCommand, type GetItemEstimateDeps } from '../../../lib/commands/get-item-estimate.ts';
import type { GetItemEstimateRequest } from '../../../lib/documents/get-item-estimate.ts';
import { smsId, ulidFor } from '../../../lib/ops/ids.ts';
import { emailContent, INBOX } from '../../support/mailboxes.ts';
import { TestPhone } from '../../support/sync-phone.ts';
import { deliver, itemOf, openSyncWorld } from '../../support/sync-world.ts';

type Collection = GetItemEstimateRequest['Collections']['Collection'][number];
type Asked = Partial<Omit<Collection, 'SyncKey' | 'CollectionId'>>;
const DAY = 86_400_000;
const MAIL = [{ itemClass: 'Email' }] as unknown as GetItemEstimateDeps['classes'];
const BOTH = [...MAIL, { itemClass: 'SMS' }] as unknown as GetItemEstimateDeps['classes'];

/** Two messages, and one text message; the phone has its first key with these options. */
async function open(first: Parameters<TestPhone['sync']>[0]) {
  const world = await openSyncWorld({ sms: true });
  const [, old] = [
    ...(await deliver(world, 1, { references: ['<old@example.com>'] })),
    ...(await deliver(world, 1, { received: world.clock.now() - 9 * DAY })),
  ];
  const content = emailContent('text', { received: world.clock.now() - DAY / 2 });
  await world.mailbox.append(INBOX, [{ id: smsId(ulidFor(content.received, 'text')), class: 'SMS', content }]);
  const phone = new TestPhone(world);
  phone.context = { version: 160 };
  await phone.sync(first);
  const conversations = async () => [itemOf(old!)];
  const estimate = async (asked: Asked = {}, deps: Partial<GetItemEstimateDeps> = {}) => {
    const command = createGetItemEstimateCommand({ states: world.states, classes: BOTH, conversations, ...deps });
    const one = { SyncKey: phone.key, CollectionId: INBOX, ...asked } as Collection;
    const result = await command.run(world.context(phone.device, { version: 160 }), {
      Collections: { Collection: [one] },
    });
    if (result.kind !== 'document') throw new Error(result.kind);
    const { Status, Response } = result.document;
    return Status ?? Response![0]!.Collection?.Estimate ?? Response![0]!.Status;
  };
  return { estimate, phone };
}

describe('text messages are counted', () => {
  const MAIL_ALONE = [{ FilterType: 0 }];
  const TEXTS_TOO = [{ FilterType: 0 }, { Class: 'SMS', FilterType: 0 }];

  test('where the last Sync asked for them, and for a class that the server takes', async () => {
    const texting = await open({ Options: TEXTS_TOO });
    expect(await texting.estimate()).toBe(3);
    expect(await texting.estimate({}, { classes: MAIL })).toBe(2);
    const plain = await open({ Options: MAIL_ALONE });
    expect(await plain.estimate()).toBe(2);
  });

  test('where the request asks for them, whatever the last Sync did', async () => {
    const texting = await open({ Options: TEXTS_TOO });
    expect(await texting.estimate({ Options: MAIL_ALONE })).toBe(2);
    const plain = await open({ Options: MAIL_ALONE });
    expect(await plain.estimate({ Options: TEXTS_TOO })).toBe(3);
  });
});

describe('old messages of a conversation that goes on are counted', () => {
  const Options = [{ FilterType: 3 }];

  test('where the request asks for conversations, and does not where it asks for none', async () => {
    const { estimate } = await open({ Options });
    expect(await estimate({ Options })).toBe(1);
    expect(await estimate({ Options, ConversationMode: true })).toBe(2);
    expect(await estimate({ Options, ConversationMode: true }, { conversations: undefined } as never)).toBe(1);
  });

  test('where the last Sync asked for conversations, until the request says otherwise', async () => {
    const { estimate } = await open({ Options, ConversationMode: true });
    expect(await estimate({ Options })).toBe(2);
    expect(await estimate({ Options, ConversationMode: false })).toBe(1);
  });
});
