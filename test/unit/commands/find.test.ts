import { describe, expect, test } from 'vitest';
import { createFind, type FindDeps } from '../../../lib/commands/find.ts';
import { FindProperties, type FindRequest } from '../../../lib/documents/find.ts';
import type { EmailContent } from '../../../lib/mail/types.ts';
import type { Item, Mailbox } from '../../../lib/mailbox/types.ts';
import type { CommandContext } from '../../../lib/protocol/command.ts';
import { decodeElement, type WbxmlElement } from '../../../lib/wbxml/index.ts';
import { email, INBOX } from '../../support/mailboxes.ts';
import { addressBookOf, askAsBytes, bareContext, people } from '../../support/query-world.ts';

const FOLDERS = [
  { id: INBOX, parent: '0' },
  { id: 'below', parent: INBOX },
];
const mailbox = { folders: async () => FOLDERS } as unknown as Mailbox;
const context = (over: Partial<CommandContext> = {}) => bareContext({ mailbox, ...over });
type Asked = FindRequest['ExecuteSearch'];
type Mail = NonNullable<Asked['MailBoxSearchCriterion']>;

function finder(contents: readonly Partial<EmailContent>[] = [], fails?: Error) {
  const asked: unknown[] = [];
  const items = contents.map((over, n) => ({ ...email(`m${n}`, over), folder: INBOX }) as unknown as Item);
  const mail: FindDeps['mail'] = {
    search: async (_, query, range) => {
      if (fails) throw fails;
      asked.push(query, range);
      return { items, total: 77 };
    },
  };
  const { addressBook } = addressBookOf(people(['Ada', 'ada@x.org'], ['Alan', 'alan@x.org'], ['Al', 'al@x.org']));
  return { command: createFind({ mail, addressBook }), asked, items };
}

async function find(ExecuteSearch: Asked, contents?: readonly Partial<EmailContent>[]) {
  const { command, asked, items } = finder(contents);
  const answer = await askAsBytes(command, { SearchId: '1', ExecuteSearch }, context());
  const told = (answer.Response?.Result ?? []).map(({ Properties }) =>
    decodeElement(FindProperties, Properties as WbxmlElement, 161),
  );
  return { answer, told, asked, items };
}
const mails = (query: Mail['Query'], options?: Mail['Options'], contents?: readonly Partial<EmailContent>[]) =>
  find({ MailBoxSearchCriterion: { Query: query, Options: options } }, contents);
const addresses = (Query: string, Options?: NonNullable<Asked['GalSearchCriterion']>['Options']) =>
  find({ GalSearchCriterion: { Query, Options } });

describe('a Find', () => {
  test('is of mail or of the address list, of one of them', async () => {
    expect((await find({})).answer).toEqual({ Status: 2 });
    const both = { MailBoxSearchCriterion: { Query: { FreeText: 'x' } }, GalSearchCriterion: { Query: 'x' } };
    expect((await find(both)).answer).toEqual({ Status: 2 });
  });

  test('that cannot be read is status 2, what else is in the way a status of its own', () => {
    const { command } = finder();
    expect([103, 104, 110].map((status) => command.failure(status))).toEqual([
      { Status: 2 },
      { Status: 2 },
      { Status: 110 },
    ]);
  });

  test.each<[string | undefined, number]>([
    [undefined, 1],
    ['0-99', 1],
    ['0-999', 1],
    ['0-1000', 2],
    ['9-0', 2],
    ['1-9', 4],
  ])('of the range %s is status %i of the response', async (Range, Status) => {
    const { answer, asked } = await mails({ FreeText: 'crane' }, { Range });
    expect(answer).toMatchObject({ Status: 1, Response: { Store: 'Mailbox', Status } });
    if (Status === 1) expect(asked[1]).toEqual({ from: 0, to: Number(Range?.slice(2) ?? 99) });
    else expect(answer.Response).toEqual({ Store: 'Mailbox', Status });
  });
});

describe('a Find of mail', () => {
  test('tells where each message is, which these are and how many there are', async () => {
    const { answer, items } = await mails({ FreeText: 'crane' }, {}, [{}, {}]);
    expect(answer.Response).toMatchObject({ Range: '0-1', Total: 77 });
    expect(answer.Response?.Result).toMatchObject(
      items.map(({ id }) => ({ Class: 'Email', ServerId: `${INBOX}:${id}`, CollectionId: INBOX })),
    );
  });

  test('tells what a list of messages shows', async () => {
    const received = Date.UTC(2026, 0, 15, 10);
    const file = { n: 0, name: 'a', contentType: 'x/y', size: 1, method: 1, inline: false, blob: 'b' } as const;
    const full = { cc: 'cc', bcc: 'bcc', isDraft: true, read: true, importance: 2, attachments: [file] } as const;
    const bare = { displayTo: '', from: '', text: { size: 0, prefix: '' }, attachments: [{ ...file, inline: true }] };
    const { told } = await mails({ FreeText: 'crane' }, {}, [full, bare, {}]);
    expect(told).toEqual([
      {
        Subject: 'Subject m0',
        DateReceived: received,
        DisplayTo: 'Alice',
        DisplayCc: 'cc',
        DisplayBcc: 'bcc',
        Importance: 2,
        Read: true,
        IsDraft: true,
        Preview: 'Hello',
        HasAttachments: true,
        From: '"Bob" <bob@example.com>',
      },
      {
        Subject: 'Subject m1',
        DateReceived: received,
        Importance: 1,
        Read: false,
        IsDraft: false,
        HasAttachments: false,
      },
      {
        Subject: 'Subject m2',
        DateReceived: received,
        DisplayTo: 'Alice',
        Importance: 1,
        Read: false,
        IsDraft: false,
        Preview: 'Hello',
        HasAttachments: false,
        From: '"Bob" <bob@example.com>',
      },
    ]);
  });

  test('previews 255 characters', async () => {
    const { told } = await mails({ FreeText: 'crane' }, {}, [{ text: { size: 300, prefix: 'x'.repeat(300) } }]);
    expect(told[0]?.Preview).toHaveLength(255);
  });

  test.each<[string, string, number]>([
    ['words', 'crane', 1],
    ['a date after', 'received>2026-01-15', 1],
    ['a date before', 'received<2026-01-15', 1],
    ['attachments', 'hasattachment:no', 1],
    ['nothing', ' ', 2],
  ])('for %s', async (_, FreeText, Status) => {
    expect((await mails({ FreeText })).answer.Response?.Status).toBe(Status);
  });

  test('for no words at all is none', async () => {
    expect((await mails({})).answer.Response?.Status).toBe(2);
  });

  test('of another class finds nothing', async () => {
    expect((await mails({ FreeText: 'x', Class: 'Email' }, {}, [{}])).told).toHaveLength(1);
    const { answer, asked } = await mails({ FreeText: 'x', Class: 'Notes' }, {}, [{}]);
    expect(answer).toEqual({ Status: 1, Response: { Store: 'Mailbox', Status: 1, Total: 0 } });
    expect(asked).toEqual([]);
  });

  test('of a folder is of those below it where that is asked for; one that is not there is to be synchronised', async () => {
    const query = { FreeText: 'x', CollectionId: INBOX };
    expect((await mails(query)).asked[0]).toMatchObject({ folders: [INBOX] });
    expect((await mails(query, { DeepTraversal: true })).asked[0]).toMatchObject({ folders: [INBOX, 'below'] });
    expect((await mails({ FreeText: 'x' })).asked[0]).not.toHaveProperty('folders');
    expect((await mails({ FreeText: 'x', CollectionId: 'nowhere' })).answer).toEqual({ Status: 3 });
  });

  test('passes on what is no trouble of its own', async () => {
    const { command } = finder([], new TypeError('bug'));
    const request = { SearchId: '1', ExecuteSearch: { MailBoxSearchCriterion: { Query: { FreeText: 'x' } } } };
    await expect(askAsBytes(command, request, context())).rejects.toThrow(TypeError);
  });
});

describe('a Find of the address list', () => {
  test('tells of each entry, which these are and how many there are', async () => {
    const { answer, told } = await addresses('al');
    expect(answer.Response).toMatchObject({ Store: 'Mailbox', Status: 1, Range: '0-1', Total: 2 });
    expect(told[0]).toEqual({ DisplayName: 'Alan', Alias: 'alan', EmailAddress: 'alan@x.org' });
    const first = await addresses('a', { Range: '0-1', Picture: {} });
    expect(first.answer.Response).toMatchObject({ Range: '0-1', Total: 3, Result: { length: 2 } });
    expect(first.told[0]?.Picture).toEqual({ Status: 173 });
  });

  test('that finds nobody has no result', async () => {
    const { answer } = await addresses('zz');
    expect(answer.Response).toEqual({ Store: 'Mailbox', Status: 1, Total: 0 });
  });
});
