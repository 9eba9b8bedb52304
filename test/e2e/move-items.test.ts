import { describe, expect, it } from 'vitest';
import { MoveItemsRequest, MoveItemsResponse } from '../../lib/documents/move-items.ts';
import type { Phone, PhoneFolder } from '../support/client/phone.ts';
import { VERSIONS } from './harness.ts';
import { ready, sharedServer, subjects } from './shared.ts';

const shared = sharedServer();

async function move(phone: Phone, Move: MoveItemsRequest['Move']): Promise<MoveItemsResponse> {
  const { client } = phone;
  return (await client.command('MoveItems', MoveItemsRequest, { Move }, MoveItemsResponse)).document!;
}

const from = (source: PhoneFolder, SrcMsgId: string, ...targets: string[]) => ({
  SrcMsgId,
  SrcFldId: source.id,
  DstFldId: targets,
});

describe('MoveItems', () => {
  it.each(VERSIONS)(
    'moves a mail; every device loses it here and finds it there, version %i [MS-ASCMD R289 R3822 R2495 R4203] [MS-ASHTTP R499]',
    async (version) => {
      const person = await shared.person();
      await person.mail('Wanderer');
      const phone = await ready(person, { version });
      const other = await ready(person, { version, deviceId: 'SECOND01' });
      const trash = phone.folder(4);
      await phone.drain(trash);
      await other.drain(other.folder(4));
      const [id] = [...phone.inbox.items.keys()];

      const { Response } = await move(phone, [from(phone.inbox, id!, trash.id)]);
      expect(Response).toMatchObject([{ SrcMsgId: id, Status: 3 }]);
      const moved = Response![0]!.DstMsgId!;
      expect(moved).not.toBe(id);

      expect((await other.drain(other.inbox)).deleted).toEqual([id]);
      expect((await other.drain(other.folder(4))).added).toEqual([moved]);
      expect(subjects(other.folder(4))).toEqual(['Wanderer']);
      // Whether the answer arrived nobody knows: who moved it is told what another is told.
      expect((await phone.drain(phone.inbox)).deleted).toEqual([id]);
      expect((await phone.drain(trash)).added).toEqual([moved]);
      expect(subjects(trash)).toEqual(['Wanderer']);
    },
  );

  it('tells Outlook for Windows nothing of what came to the target: it would show it twice', async () => {
    const person = await shared.person();
    await person.mail('Single');
    const outlook = { deviceType: 'WindowsOutlook15', userAgent: 'Outlook/16.0 (16.0.17328.20000; x64)' };
    const phone = await ready(person, outlook);
    const trash = phone.folder(4);
    await phone.drain(trash);
    const [id] = [...phone.inbox.items.keys()];
    await move(phone, [from(phone.inbox, id!, trash.id)]);
    expect((await phone.drain(phone.inbox)).deleted).toEqual([id]);
    expect(await phone.drain(trash)).toMatchObject({ added: [], deleted: [] });
  });

  it('says 5 of what finds no room, goes on with the rest, and loses no move whose answer nobody got', async () => {
    const person = await shared.person();
    for (const name of ['One', 'Two']) await person.mail(name);
    const phone = await ready(person);
    const target = phone.folder(5);
    await phone.drain(target);
    await shared.running.domain.accounts.update(person.account.id, { quota: { folderItems: 1 } });
    const [one, two] = [...phone.inbox.items.keys()];
    const { Response } = await move(phone, [
      from(phone.inbox, one!, target.id),
      from(phone.inbox, two!, target.id),
      from(phone.inbox, 'nonsense', target.id),
    ]);
    expect(Response!.map(({ Status }) => Status)).toEqual([3, 5, 1]);
    // The phone did nothing with the answer; all that it learns is by Sync.
    expect((await phone.drain(phone.inbox)).deleted).toEqual([one]);
    expect((await phone.drain(target)).added).toEqual([Response![0]!.DstMsgId]);
    expect(phone.inbox.items.size).toBe(1);
  });

  it('answers every move for itself', async () => {
    const person = await shared.person();
    for (const name of ['One', 'Two', 'Three']) await person.mail(name);
    const phone = await ready(person);
    const trash = phone.folder(4).id;
    const [one, two, three] = [...phone.inbox.items.keys()];
    const { Response } = await move(phone, [
      from(phone.inbox, 'nonsense', trash),
      from(phone.inbox, one!, '4711'),
      from(phone.inbox, one!, phone.inbox.id),
      from(phone.inbox, two!, trash, phone.folder(5).id),
      from(phone.folder(5), three!, trash),
      from(phone.inbox, three!, trash),
    ]);
    expect(Response?.map(({ Status }) => Status)).toEqual([1, 2, 4, 5, 1, 3]);
    expect(Response?.map(({ SrcMsgId }) => SrcMsgId)).toEqual(['nonsense', one, one, two, three, three]);
  });

  it('says the same when a lost answer is asked for again', async () => {
    const person = await shared.person();
    await person.mail('Once');
    const phone = await ready(person);
    const trash = phone.folder(4);
    await phone.drain(trash);
    const request = [from(phone.inbox, [...phone.inbox.items.keys()][0]!, trash.id)];
    const first = await move(phone, request);
    expect(await move(phone, request)).toEqual(first);
    const other = await ready(person, { deviceId: 'SECOND01' });
    expect((await other.drain(other.folder(4))).added).toEqual([first.Response![0]!.DstMsgId]);
    expect(other.inbox.items.size).toBe(0);
  });

  it('moves there and back again', async () => {
    const person = await shared.person();
    await person.mail('Boomerang');
    const phone = await ready(person);
    const trash = phone.folder(4);
    await phone.drain(trash);
    const there = await move(phone, [from(phone.inbox, [...phone.inbox.items.keys()][0]!, trash.id)]);
    const back = await move(phone, [from(trash, there.Response![0]!.DstMsgId!, phone.inbox.id)]);
    expect(back.Response).toMatchObject([{ Status: 3 }]);
    const other = await ready(person, { deviceId: 'SECOND01' });
    expect(subjects(other.inbox)).toEqual(['Boomerang']);
  });

  it('takes a thousand moves and no more', async () => {
    const phone = await ready(await shared.person());
    const one = from(phone.inbox, 'nonsense', phone.folder(4).id);
    expect(
      (
        await move(
          phone,
          Array.from({ length: 1000 }, () => one),
        )
      ).Response,
    ).toHaveLength(1000);
    expect(
      await move(
        phone,
        Array.from({ length: 1001 }, () => one),
      ),
    ).toEqual({ Status: 103 });
  });
});
