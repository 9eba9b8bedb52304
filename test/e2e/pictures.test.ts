import { beforeAll, describe, expect, it } from 'vitest';
import { FindProperties, FindRequest, FindResponse } from '../../lib/documents/find.ts';
import { Gal } from '../../lib/documents/items/gal.ts';
import { ResolveRecipientsRequest, ResolveRecipientsResponse } from '../../lib/documents/resolve-recipients.ts';
import { SearchRequest, SearchResponse } from '../../lib/documents/search.ts';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import { decodeElement, type WbxmlElement } from '../../lib/wbxml/index.ts';
import type { Phone } from '../support/client/phone.ts';
import { PASSWORD } from './harness.ts';
import { el, type Person, sharedServer } from './shared.ts';

const shared = sharedServer();

interface Wish {
  readonly MaxSize?: number;
  readonly MaxPictures?: number;
}
/** What is told of each, by name: its status, and how many bytes there are of it. */
type Told = readonly (readonly [string, number | undefined, number | undefined])[];
type Picture = { readonly Status: number; readonly Data?: Uint8Array } | undefined;
const told = (entries: readonly { readonly DisplayName?: string; readonly Picture?: Picture }[]): Told =>
  entries.map(({ DisplayName = '', Picture }) => [DisplayName, Picture?.Status, Picture?.Data?.length]);

/** Each command that shows people: asks for all whose names begin with Pic. */
const COMMANDS: Readonly<Record<string, (phone: Phone, wish?: Wish) => Promise<Told>>> = {
  async Search(phone, Picture) {
    const Query = el('Search', 'Query', 'pic');
    const value: SearchRequest = { Store: { Name: 'GAL', Query, Options: { Picture } as never } };
    const { document } = await phone.client.command('Search', SearchRequest, value, SearchResponse);
    const { Status, Result } = document!.Response!.Store;
    expect(Status).toBe(1);
    return told(Result!.map(({ Properties }) => decodeElement(Gal, Properties as WbxmlElement, 161)));
  },
  async Find(phone, Picture) {
    const value = { SearchId: '1', ExecuteSearch: { GalSearchCriterion: { Query: 'pic', Options: { Picture } } } };
    const { document } = await phone.client.command('Find', FindRequest, value, FindResponse);
    const { Result } = document!.Response!;
    return told(Result!.map(({ Properties }) => decodeElement(FindProperties, Properties as WbxmlElement, 161)));
  },
  async ResolveRecipients(phone, Picture) {
    const value = { To: ['pic'], Options: { Picture } };
    const { document } = await phone.client.command(
      'ResolveRecipients',
      ResolveRecipientsRequest,
      value,
      ResolveRecipientsResponse,
    );
    const [{ Recipient } = {}] = document!.Response!;
    return told(Recipient!.map(({ DisplayName, Picture: all }) => ({ DisplayName, Picture: all?.[0] })));
  },
};

describe('photos in the address list', () => {
  let kim: Person;
  const phoneOf = (version: ProtocolVersion = 161) => kim.phone({ version });

  beforeAll(async () => {
    kim = await shared.person();
    const { accounts, photos } = shared.running.domain;
    for (const [name, size] of [
      ['Pic A', 100],
      ['Pic B', undefined],
      ['Pic C', 300],
      ['Pic D', 200],
      ['Pic E', undefined],
    ] as const) {
      const address = `${name.replace(' ', '').toLowerCase()}@example.test`;
      const { id } = await accounts.create({ address, name, password: PASSWORD });
      if (size !== undefined) {
        await photos.set(id, Buffer.concat([Buffer.of(0xff, 0xd8, 0xff), Buffer.alloc(size - 3)]));
      }
    }
  });

  const IDS: Readonly<Record<string, { readonly all: string; readonly size: string; readonly count: string }>> = {
    Search: {
      all: '[MS-ASCMD R2135 R4970 R3667 R3674 R4315 R4371 R4372]',
      size: '[MS-ASCMD R3310 R4374 R4972]',
      count: '[MS-ASCMD R3311 R4375 R4974]',
    },
    Find: { all: '[MS-ASCMD R3667]', size: '[MS-ASCMD R32831609]', count: '[MS-ASCMD R32831607 R32831608 R32831610]' },
    ResolveRecipients: {
      all: '[MS-ASCMD R2133 R2375 R3667 R4310]',
      size: '[MS-ASCMD R4312 R5350]',
      count: '[MS-ASCMD R4313 R5351 R3287]',
    },
  };

  for (const [command, ask] of Object.entries(COMMANDS)) {
    const { all, size, count } = IDS[command]!;

    it(`come with ${command} where they are asked for ${all}`, async () => {
      expect(await ask(phoneOf(), {})).toEqual([
        ['Pic A', 1, 100],
        ['Pic B', 173, undefined],
        ['Pic C', 1, 300],
        ['Pic D', 1, 200],
        ['Pic E', 173, undefined],
      ]);
      expect((await ask(phoneOf())).every(([, status]) => status === undefined)).toBe(true);
    });

    it(`come with ${command} no larger than is asked for ${size}`, async () => {
      expect((await ask(phoneOf(), { MaxSize: 200 })).map(([, status]) => status)).toEqual([1, 173, 174, 1, 173]);
    });

    it(`come with ${command} no more than are asked for ${count}`, async () => {
      const wish = { MaxPictures: 1, MaxSize: 200 };
      expect((await ask(phoneOf(), wish)).map(([, status]) => status)).toEqual([1, 173, 174, 175, 173]);
    });
  }

  it.each([
    ['Search', 140, false],
    ['Search', 141, true],
    ['ResolveRecipients', 140, false],
    ['ResolveRecipients', 160, true],
  ] as const)('come with %s of version %i: %s', async (command, version, there) => {
    const found = await COMMANDS[command]!(phoneOf(version), {});
    expect(found[0]![1]).toBe(there ? 1 : undefined);
  });
});
