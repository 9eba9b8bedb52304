import { describe, expect, test } from 'vitest';
import { createResolveRecipients, type ResolveRecipientsDeps } from '../../../lib/commands/resolve-recipients.ts';
import type { ResolveRecipientsRequest } from '../../../lib/documents/resolve-recipients.ts';
import type { Entry } from '../../../lib/identity/address-book.ts';
import type { CommandContext } from '../../../lib/protocol/command.ts';
import { addressBookOf, askAsBytes, bareContext, people } from '../../support/query-world.ts';

const ADA = ['Ada Lovelace', 'ada@example.com'] as const;
const ALAN = ['Alan Turing', 'alan@example.com'] as const;
const many = (count: number) =>
  people(...Array.from({ length: count }, (_, n) => [`Ann ${n}`, `ann${n}@example.com`] as const));

type Options = ResolveRecipientsRequest['Options'];

async function resolve(
  entries: readonly Entry[],
  To: string | readonly string[],
  Options?: Options,
  { deps = {}, over = {} }: { deps?: Partial<ResolveRecipientsDeps>; over?: Partial<CommandContext> } = {},
) {
  const { addressBook, asked } = addressBookOf(entries);
  const command = createResolveRecipients({ addressBook, ...deps });
  const names = typeof To === 'string' ? [To] : [...To];
  const answer = await askAsBytes(command, { To: names, Options }, bareContext(over));
  return { answer, asked, first: answer.Response?.[0] };
}

describe('a name to be resolved', () => {
  test('is one entry of the address list [MS-ASCMD R4686]', async () => {
    const { answer } = await resolve(people(ADA, ALAN), 'ada');
    expect(answer).toEqual({
      Status: 1,
      Response: [
        {
          To: 'ada',
          Status: 1,
          RecipientCount: 1,
          Recipient: [{ Type: 1, DisplayName: 'Ada Lovelace', EmailAddress: 'ada@example.com' }],
        },
      ],
    });
  });

  test('is nobody', async () => {
    expect((await resolve(people(ADA), 'Grace')).first).toEqual({ To: 'Grace', Status: 4, RecipientCount: 0 });
  });

  test('has an answer of its own, in the order of the request [MS-ASCMD R4620]', async () => {
    const { answer } = await resolve(people(ADA, ALAN), ['Alan', 'x', 'Ada']);
    expect(answer.Response?.map(({ To, Status }) => [To, Status])).toEqual([
      ['Alan', 1],
      ['x', 4],
      ['Ada', 1],
    ]);
  });

  test.each<[string, string[]]>([
    ['ada@example.com', ['address ada@example.com']],
    ['"Ada L." <ada@example.com> ', ['address ada@example.com']],
    ['Ada', ['find Ada']],
    ['<Ada>', ['find <Ada>']],
    ['adam@example.com', ['address adam@example.com', 'find adam@example.com']],
    ['<ada@example.com> said', ['address <ada@example.com> said', 'find <ada@example.com> said']],
  ])('is looked up as an address where it is one: %s', async (to, looked) => {
    expect((await resolve(people(ADA), to)).asked).toEqual(looked);
  });

  test.each(['ada@example.com', '"Ada L." <ada@example.com>', 'Ada L. <ada@example.com>   '])(
    'that is an address is whom it names: %s',
    async (to) => {
      const [other, ada] = people(['Ada', 'other@example.com'], ADA);
      const { first } = await resolve([other!, ada!], to);
      expect(first).toMatchObject({ Status: 1, RecipientCount: 1, Recipient: [{ EmailAddress: 'ada@example.com' }] });
    },
  );

  test('that is the whole of one name or alias is meant, whoever else begins so', async () => {
    const both = people(['Ada', 'countess@example.com'], ['Ada Lovelace', 'ada.l@example.com']);
    expect((await resolve(both, ' ADA ')).first?.Recipient).toMatchObject([{ EmailAddress: 'countess@example.com' }]);
    const alias = people(['Ann Lee', 'x@example.com'], ['Ann Oh', 'ann@example.com']);
    expect((await resolve(alias, 'ann')).first?.Recipient).toMatchObject([{ EmailAddress: 'ann@example.com' }]);
    const twins = people(['Ada', 'one@example.com'], ['Ada', 'two@example.com'], ADA);
    expect((await resolve(twins, 'Ada')).first).toMatchObject({ Status: 2, RecipientCount: 3 });
  });
});

describe('an ambiguous name', () => {
  test.each<[string, number, number | undefined, number, number]>([
    ['all of a few', 3, undefined, 2, 3],
    ['all of twenty', 20, undefined, 2, 20],
    ['twenty of more', 21, undefined, 3, 20],
    ['as many as are wanted', 5, 2, 3, 2],
    ['all where just as many are wanted', 5, 5, 2, 5],
    ['none where none is wanted', 5, 0, 3, 0],
    ['a hundred at most', 101, 9999, 3, 100],
  ])('is told with %s', async (_, there, MaxAmbiguousRecipients, status, told) => {
    const { first } = await resolve(many(there), 'ann', { MaxAmbiguousRecipients });
    expect([first?.Status, first?.RecipientCount, first?.Recipient?.length ?? 0]).toEqual([status, told, told]);
  });

  test('is told without certificates and free times of people who may not be meant [MS-ASCMD R4279 R4617 R4623]', async () => {
    const Availability = { StartTime: '2026-01-15T10:00:00.000Z', EndTime: '2026-01-15T11:00:00.000Z' };
    const { first } = await resolve(many(2), 'ann', { CertificateRetrieval: 2, Availability, Picture: {} });
    expect(first?.Recipient).toEqual([
      { Type: 1, DisplayName: 'Ann 0', EmailAddress: 'ann0@example.com', Picture: [{ Status: 173 }] },
      { Type: 1, DisplayName: 'Ann 1', EmailAddress: 'ann1@example.com', Picture: [{ Status: 173 }] },
    ]);
  });
});

describe('a request that means nothing is status 5', () => {
  const names = (count: number, length = 1) => Array.from({ length: count }, () => 'x'.repeat(length));

  test.each<[string, readonly string[], Options, boolean]>([
    ['a hundred names', names(100), undefined, true],
    ['more names', names(101), undefined, false],
    ['a name of 256 characters', names(1, 256), undefined, true],
    ['a longer name', ['x', ...names(1, 257)], undefined, false],
    ['certificates, the least', ['x'], { CertificateRetrieval: 1, MaxCertificates: 0 }, true],
    ['certificates, the most', ['x'], { CertificateRetrieval: 3, MaxCertificates: 9999 }, true],
    ['no kind of certificates', ['x'], { CertificateRetrieval: 0 }, false],
    ['another kind of certificates', ['x'], { CertificateRetrieval: 4 }, false],
    ['fewer certificates than none', ['x'], { MaxCertificates: -1 }, false],
    ['too many certificates', ['x'], { MaxCertificates: 10_000 }, false],
    ['fewer people than none', ['x'], { MaxAmbiguousRecipients: -1 }, false],
    ['too many people', ['x'], { MaxAmbiguousRecipients: 10_000 }, false],
    ['a time that is none', ['x'], { Availability: { StartTime: 'soon' } }, false],
  ])('%s', async (_, To, options, good) => {
    const { answer } = await resolve(people(ADA), To, options);
    if (good) expect(answer).toMatchObject({ Status: 1, Response: { length: To.length } });
    else expect(answer).toEqual({ Status: 5 });
  });

  test('no names, and a document that cannot be read', async () => {
    const { addressBook } = addressBookOf([]);
    const command = createResolveRecipients({ addressBook });
    expect(await command.run(bareContext(), { To: [] })).toMatchObject({ document: { Status: 5 } });
    expect([103, 104, 110].map((status) => command.failure(status))).toEqual([
      { Status: 5 },
      { Status: 5 },
      { Status: 110 },
    ]);
  });
});

describe('what else is told of a person', () => {
  test.each([
    [undefined, false],
    [1, false],
    [2, true],
    [3, true],
  ])('that there is no certificate, with CertificateRetrieval %s: %s', async (CertificateRetrieval, told) => {
    const [only] = (await resolve(people(ADA), 'Ada', { CertificateRetrieval })).first!.Recipient!;
    const none = { Status: 7, CertificateCount: 0, RecipientCount: 1 };
    expect(only!.Certificates).toEqual(told ? none : undefined);
  });

  test('that there is no picture, from 14.1 on', async () => {
    const options = { Picture: {} };
    const at = async (version: 140 | 141) =>
      (await resolve(people(ADA), 'Ada', options, { over: { version } })).first?.Recipient?.[0]?.Picture;
    expect(await at(141)).toEqual([{ Status: 173 }]);
    expect(await at(140)).toBeUndefined();
  });

  test('the photos of those who are shown, and no more are read', async () => {
    const read: unknown[] = [];
    const photos: ResolveRecipientsDeps['photos'] = {
      async *each(ids) {
        read.push(...ids);
        for (const _ of ids) yield new Uint8Array(3);
      },
    };
    const options = { Picture: { MaxPictures: 3 }, MaxAmbiguousRecipients: 2 };
    const entries = [...many(4), ...people(ALAN)];
    const { answer } = await resolve(entries, ['ann', 'Alan', 'ann 0', 'Nobody'], options, { deps: { photos } });
    const told = answer.Response!.map(({ Recipient }) => Recipient?.map(({ Picture }) => Picture?.[0]?.Status));
    // Whoever is shown twice is read once.
    expect(told).toEqual([[1, 1], [1], [1], undefined]);
    expect(read).toEqual(['ann0@example.com', 'ann1@example.com', 'alan@example.com']);
  });

  test('the photo of one who is meant, however few may be suggested', async () => {
    const photos: ResolveRecipientsDeps['photos'] = {
      async *each(ids) {
        for (const _ of ids) yield new Uint8Array(3);
      },
    };
    const options = { Picture: {}, MaxAmbiguousRecipients: 0 };
    const { first } = await resolve(people(ADA), 'Ada', options, { deps: { photos } });
    expect(first?.Recipient?.[0]?.Picture).toMatchObject([{ Status: 1 }]);
  });

  const hour = { StartTime: '2026-01-15T10:00:00.000Z', EndTime: '2026-01-15T11:00:00.000Z' };

  test('free times where a calendar is known, "no data" elsewhere, from 14.0 on', async () => {
    const start = Date.UTC(2026, 0, 15, 10);
    const asked: unknown[] = [];
    const freeBusy: ResolveRecipientsDeps['freeBusy'] = (account) => async (interval) => {
      asked.push(account.address, interval);
      return '02';
    };
    const wish = { Availability: hour };
    const known = await resolve(people(ADA), 'Ada', wish, { deps: { freeBusy } });
    expect(known.first?.Recipient?.[0]?.Availability).toEqual({ Status: 1, MergedFreeBusy: '02' });
    expect(asked).toEqual(['ada@example.com', { start, end: start + 3_600_000 }]);
    const unknown = await resolve(people(ADA), 'Ada', wish, { over: { version: 140 } });
    expect(unknown.first?.Recipient?.[0]?.Availability).toEqual({ Status: 1, MergedFreeBusy: '44' });
    const unasked = await resolve(people(ADA), 'Ada', {}, { deps: { freeBusy } });
    expect(unasked.first?.Recipient?.[0]).not.toHaveProperty('Availability');
  });

  test('no free times up to 12.1, whatever they are asked for', async () => {
    const { addressBook } = addressBookOf(people(ADA));
    const request = { To: ['Ada'], Options: { Availability: { StartTime: 'soon' } } };
    const { document } = (await createResolveRecipients({ addressBook }).run(
      bareContext({ version: 121 }),
      request,
    )) as never;
    expect(document).toMatchObject({ Status: 1, Response: [{ Recipient: [{ Availability: undefined }] }] });
  });
});

describe('a group that is meant', () => {
  const group = { id: 'g1' } as never;
  const team: Entry[] = [
    { displayName: 'Team', alias: 'team', address: 'team@example.com', group } as unknown as Entry,
  ];
  const members = ['ada', 'alan'].map((id) => ({ id, address: `${id}@example.com` })) as never[];
  const groups = { expand: async () => ({ accounts: members, outside: ['x@else.where'] }) } as never;
  const certificates: ResolveRecipientsDeps['certificates'] = {
    valid: async (id) => (id === ('ada' as never) ? [{ der: new Uint8Array([1]) } as never] : []),
  };
  const detailsOf = async (deps: Partial<ResolveRecipientsDeps>, options: Options) =>
    (await resolve(team, 'Team', options, { deps })).first!.Recipient![0]!;
  const Availability = { StartTime: '2026-01-15T10:00:00.000Z', EndTime: '2026-01-15T11:00:00.000Z' };

  test('has the times and certificates of its members, and counts those that have none', async () => {
    const details = await detailsOf({ groups, certificates }, { CertificateRetrieval: 2, Availability });
    expect(details.Availability).toEqual({ Status: 1, MergedFreeBusy: '44' });
    expect(details.Certificates).toMatchObject({ Status: 1, CertificateCount: 1, RecipientCount: 3 });
  });

  test('has none where nobody says who is in it', async () => {
    const details = await detailsOf({ certificates }, { CertificateRetrieval: 2, Availability });
    expect(details.Availability).toEqual({ Status: 163 });
    expect(details.Certificates).toEqual({ Status: 7, CertificateCount: 0, RecipientCount: 0 });
  });
});

describe('certificates', () => {
  const certificates: ResolveRecipientsDeps['certificates'] = {
    valid: async () => [1, 2].map((byte) => ({ der: new Uint8Array([byte]) })) as never[],
  };
  const both = people(ADA, ALAN);
  const statuses = async (MaxCertificates?: number) => {
    const options = { CertificateRetrieval: 2, MaxCertificates };
    const { answer } = await resolve(both, ['Ada', 'Alan'], options, { deps: { certificates } });
    return answer.Response!.map(({ Recipient }) => {
      const { Status, Certificate = [] } = Recipient![0]!.Certificates!;
      return [Status, Certificate.length];
    });
  };

  test('come whole or not at all, up to what is wanted together [MS-ASCMD R851 R3255]', async () => {
    expect(await statuses()).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(await statuses(4)).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(await statuses(3)).toEqual([
      [1, 2],
      [8, 0],
    ]);
    expect(await statuses(0)).toEqual([
      [8, 0],
      [8, 0],
    ]);
  });

  test('have no short form', async () => {
    const { first } = await resolve(both, 'Ada', { CertificateRetrieval: 3 }, { deps: { certificates } });
    expect(first?.Recipient?.[0]?.Certificates).toEqual({ Status: 7, CertificateCount: 0, RecipientCount: 1 });
  });
});
