import { describe, expect, it } from 'vitest';
import { GetItemEstimateRequest, GetItemEstimateResponse } from '../../lib/documents/get-item-estimate.ts';
import type { Phone, PhoneFolder } from '../support/client/phone.ts';
import { VERSIONS } from './harness.ts';
import { LeapingClock, ready, sharedServer } from './shared.ts';

const clock = new LeapingClock();
const shared = sharedServer({}, { clock });
const DAY = 86_400_000;

type Asked = GetItemEstimateRequest['Collections']['Collection'][number];

async function ask(phone: Phone, ...Collection: Asked[]): Promise<GetItemEstimateResponse> {
  const { command } = phone.client;
  const value = { Collections: { Collection } };
  const answer = await command.call(
    phone.client,
    'GetItemEstimate',
    GetItemEstimateRequest,
    value,
    GetItemEstimateResponse,
  );
  return answer.document as GetItemEstimateResponse;
}

const estimate = async (phone: Phone, folder: PhoneFolder, more: Partial<Asked> = {}) =>
  (await ask(phone, { SyncKey: folder.syncKey, CollectionId: folder.id, ...more })).Response?.[0];

describe('GetItemEstimate', () => {
  it.each(VERSIONS)(
    'counts what the next Sync brings, and changes no key, version %i [MS-ASCMD R2289 R1646 R3859 R2486 R4134]',
    async (version) => {
      const person = await shared.person();
      const phone = await ready(person, { version });
      const collection = { CollectionId: phone.inbox.id };
      expect(await estimate(phone, phone.inbox)).toEqual({ Status: 1, Collection: { ...collection, Estimate: 0 } });
      await person.mail('One');
      await person.mail('Two');
      for (let again = 0; again < 2; again++) {
        expect(await estimate(phone, phone.inbox)).toEqual({ Status: 1, Collection: { ...collection, Estimate: 2 } });
      }
      expect((await phone.drain(phone.inbox)).added).toHaveLength(2);
      expect((await estimate(phone, phone.inbox))?.Collection?.Estimate).toBe(0);
    },
  );

  it.each(VERSIONS)(
    'answers each collection for itself, version %i [MS-ASCMD R4130 R4131 R4135 R4136 R4139 R4140 R4142 R4594]',
    async (version) => {
      const phone = await ready(await shared.person(), { version });
      const { id, syncKey } = phone.inbox;
      const other = phone.folder(6);
      const { Status, Response } = await ask(
        phone,
        { SyncKey: syncKey, CollectionId: id },
        { SyncKey: syncKey, CollectionId: '4711' },
        { SyncKey: '0', CollectionId: other.id },
        { SyncKey: 'nonsense', CollectionId: id },
        { SyncKey: '{5}2', CollectionId: other.id },
      );
      expect(Status).toBeUndefined();
      expect(Response?.map((each) => each.Status)).toEqual([1, 2, 3, 4, 3]);
    },
  );

  it.each([
    ['R2999', 0, 1, 4],
    ['R3000', 1, 1, 1],
    ['R3001', 2, 1, 2],
    ['R3002', 3, 1, 3],
    ['R3003', 4, 1, 3],
    ['R3004', 5, 1, 3],
    ['R3005', 6, 110, undefined],
    ['R3006', 7, 110, undefined],
    ['R3007', 8, 110, undefined],
    ['R2984', 9, 103, undefined],
  ] as const)('mail: [MS-ASCMD %s] filter %i has status %i and %s items', async (_, FilterType, status, count) => {
    const person = await shared.person();
    const phone = person.phone();
    await phone.start();
    await phone.sync(phone.inbox, { Options: [{ FilterType: 0 }] });
    await person.mail('Forty days old');
    clock.leap(35 * DAY);
    await person.mail('Five days old');
    clock.leap(3 * DAY);
    await person.mail('Two days old');
    clock.leap(2 * DAY - 3_600_000);
    await person.mail('Now');
    const Options = [{ Class: 'Email', FilterType }];
    const { Status, Response } = await ask(phone, {
      SyncKey: phone.inbox.syncKey,
      CollectionId: phone.inbox.id,
      Options,
    });
    expect(Status ?? Response?.[0]?.Status).toBe(status);
    if (count !== undefined) expect(Response?.[0]?.Collection?.Estimate).toBe(count);
    else expect(Response).toBeUndefined();
  });

  it('without options counts everything, with a filter what is within it [MS-ASCMD R2967 R2969 R2970 R3543]', async () => {
    const person = await shared.person();
    const phone = person.phone();
    await phone.start();
    await phone.sync(phone.inbox, { Options: [{ FilterType: 1 }] });
    await person.mail('Old');
    clock.leap(10 * DAY);
    await person.mail('New');
    const counted = async (more: Partial<Asked>) => (await estimate(phone, phone.inbox, more))?.Collection?.Estimate;
    expect(await counted({})).toBe(2);
    expect(await counted({ Options: [{ FilterType: 1 }] })).toBe(1);
    expect(await counted({ Options: [{ Class: 'Email' }] })).toBe(2);
  });

  it('does not do conversations where there is no mail, and only SMS beside mail [MS-ASCMD R907 R908]', async () => {
    const phone = await ready(await shared.person());
    const combined = await estimate(phone, phone.inbox, { Options: [{ Class: 'Email' }, { Class: 'Calendar' }] });
    expect(combined).toEqual({ Status: 4 });
    const sms = await estimate(phone, phone.inbox, { Options: [{ Class: 'Email' }, { Class: 'SMS' }] });
    expect(sms?.Status).toBe(1);
  });

  it('takes a thousand collections and no more [MS-ASCMD R5647 R5671 R4129]', async () => {
    const phone = await ready(await shared.person());
    const one = { SyncKey: phone.inbox.syncKey, CollectionId: phone.inbox.id };
    expect((await ask(phone, ...Array.from({ length: 1000 }, () => one))).Response).toHaveLength(1000);
    expect(await ask(phone, ...Array.from({ length: 1001 }, () => one))).toEqual({ Status: 103 });
    expect(await ask(phone)).toEqual({ Status: 103 });
  });

  it('writes no id that is longer than 64 characters [MS-ASCMD R5869]', async () => {
    const phone = await ready(await shared.person());
    const { Response } = await ask(
      phone,
      ...[...phone.folders.values()].map(({ id }) => ({ SyncKey: '0', CollectionId: id })),
      { SyncKey: phone.inbox.syncKey, CollectionId: phone.inbox.id },
      { SyncKey: '1', CollectionId: 'x'.repeat(5000) },
    );
    for (const { Collection } of Response!) expect((Collection?.CollectionId ?? '').length).toBeLessThanOrEqual(64);
    expect(Response!.at(-2)?.Collection?.CollectionId).toBe(phone.inbox.id);
  });

  it('reads class and filter beside the options up to 12.1', async () => {
    const person = await shared.person();
    const phone = person.phone({ version: 121 });
    await phone.start();
    await phone.sync(phone.inbox, { Options: [{ FilterType: 0 }] });
    await person.mail('Old');
    clock.leap(10 * DAY);
    await person.mail('New');
    expect((await estimate(phone, phone.inbox, { Class: 'Email', FilterType: 1 }))?.Collection?.Estimate).toBe(1);
    expect((await estimate(phone, phone.inbox, { Class: 'Calendar' }))?.Status).toBe(4);
  });
});
