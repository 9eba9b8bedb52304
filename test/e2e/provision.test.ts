import { describe, expect, it } from 'vitest';
import { FolderSyncResponse } from '../../lib/documents/folder-sync.ts';
import type { ProvisionRequest } from '../../lib/documents/provision.ts';
import { ProvisionResponse } from '../../lib/documents/provision.ts';
import { decode } from '../../lib/wbxml/index.ts';
import type { Phone } from '../support/client/phone.ts';
import { since, VERSIONS } from './harness.ts';
import { bytesOf, el, type Person, ready, sharedServer } from './shared.ts';

const shared = sharedServer();
const TYPE = 'MS-EAS-Provisioning-WBXML';
const TOLD = { DeviceInformation: { Set: { Model: 'Test phone' } } };

const policies = () => shared.running.domain.policies;
let count = 0;

/** An account under a policy of its own. */
async function under(policy: unknown): Promise<Person> {
  const person = await shared.person();
  const name = `policy${++count}`;
  await policies().save(name, policy);
  await shared.running.domain.accounts.update(person.account.id, { policy: name });
  return person;
}
const demanding = (more: object = {}) =>
  under({ settings: { DevicePasswordEnabled: true, MinDevicePasswordLength: 6 }, ...more });

const ask = (phone: Phone, more: Partial<ProvisionRequest> = {}) =>
  phone.client.provision({
    ...(phone.client.version >= 141 ? TOLD : {}),
    Policies: { Policy: [{ PolicyType: TYPE }] },
    ...more,
  });
const acknowledge = (phone: Phone, PolicyKey: string, Status = 1) =>
  phone.client.provision({ Policies: { Policy: [{ PolicyType: TYPE, PolicyKey, Status }] } });
/** What FolderSync is answered: the HTTP status, and the status of the document where there is one. */
async function folderSync(phone: Phone): Promise<readonly [http: number, status: number | undefined]> {
  const { status, document } = await phone.client.folderSync({ SyncKey: '0' });
  return [status, document?.Status];
}
const refusal = (version: number, status: number) => (version < 140 ? [449, undefined] : [200, status]);

describe('a policy', () => {
  it.each(since(120))(
    'keeps a device out until it has acknowledged it, version %i [MS-ASPROV R509 R208 R888 R966 R971]',
    async (version) => {
      const phone = (await demanding()).phone({ version });
      expect(await folderSync(phone)).toEqual(refusal(version, 142));
      const offered = (await ask(phone)).document!.Policies!.Policy[0]!;
      expect(offered).toMatchObject({ PolicyType: TYPE, Status: 1 });
      expect(offered.Data?.EASProvisionDoc).toMatchObject({ DevicePasswordEnabled: true, MinDevicePasswordLength: 6 });
      // A temporary key: good for the acknowledgement and for nothing else; and never 0, which iOS takes for none.
      expect(Number(offered.PolicyKey)).toBeGreaterThan(0);
      phone.client.policyKey = offered.PolicyKey!;
      expect(await folderSync(phone)).toEqual(refusal(version, 144));
      const final = (await acknowledge(phone, offered.PolicyKey!)).document!.Policies!.Policy[0]!;
      expect(final).toEqual({ PolicyType: TYPE, Status: 1, PolicyKey: expect.stringMatching(/^[1-9]\d*$/) });
      expect(final.PolicyKey).not.toBe(offered.PolicyKey);
      phone.client.policyKey = final.PolicyKey!;
      expect(await folderSync(phone)).toEqual([200, 1]);
    },
  );

  it.each(VERSIONS)('of nothing lets every device in at once, version %i', async (version) => {
    const phone = (await shared.person()).phone({ version });
    expect(await folderSync(phone)).toEqual([200, 1]);
  });

  it.each(VERSIONS)('that changes must be acknowledged anew, version %i', async (version) => {
    const person = await demanding();
    const phone = person.phone({ version });
    await phone.start();
    expect(await folderSync(phone)).toEqual([200, 1]);
    await policies().save(`policy${count}`, { settings: { MinDevicePasswordLength: 8 } });
    expect(await folderSync(phone)).toEqual(refusal(version, 143));
    await phone.provision();
    expect(await folderSync(phone)).toEqual([200, 1]);
  });

  it('that changes ends a Ping that is held, with 7', async () => {
    const person = await demanding();
    const phone = await ready(person);
    const ping = phone.ping([phone.inbox], 600);
    await shared.untilHeld(1);
    await policies().save(`policy${count}`, { settings: { MinDevicePasswordLength: 8 } });
    expect((await ping).document).toEqual({ Status: 7 });
    expect(await folderSync(phone)).toEqual([200, 143]);
  });

  it('no Ping is asked for its key', async () => {
    const person = await demanding();
    const phone = await ready(person);
    phone.client.policyKey = '0';
    const ping = phone.ping([phone.inbox], 600);
    await shared.untilHeld(1);
    await person.mail('News');
    expect((await ping).document?.Status).toBe(2);
  });

  it.each([
    ['the wrong key', '4711', 1, { Policies: { Policy: [{ PolicyType: TYPE, Status: 5 }] } }, '[MS-ASPROV R377]'],
    ['in part', undefined, 2, { Status: 139 }, ''],
    ['that it ignores it', undefined, 3, { Status: 139 }, ''],
    ['that somebody else manages it', undefined, 4, { Status: 145 }, ''],
    ['nonsense', undefined, 9, { Status: 2 }, '[MS-ASPROV R393]'],
  ] as const)('acknowledged with %s (key %s, status %i) is answered %j %s', async (_, key, status, answer, _ids) => {
    const phone = (await demanding()).phone();
    const offered = (await ask(phone)).document!.Policies!.Policy[0]!;
    expect((await acknowledge(phone, key ?? offered.PolicyKey!, status)).document).toMatchObject(answer);
    expect(await folderSync(phone)).toEqual([200, 142]);
  });

  it.each([
    ['MS-WAP-Provisioning-XML', 2],
    ['Something-Else', 3],
  ])('of the type %s has status %i [MS-ASPROV R318]', async (PolicyType, Status) => {
    const phone = (await demanding()).phone();
    const { document } = await ask(phone, { Policies: { Policy: [{ PolicyType }] } });
    expect(document?.Policies?.Policy[0]).toEqual({ PolicyType, Status });
  });

  it.each([
    [141, 165],
    [160, 165],
    [161, 165],
    [140, 1],
    [121, 1],
  ] as const)('asked for by version %i without a word of the device has status %i', async (version, status) => {
    const phone = (await demanding()).phone({ version });
    const { document } = await phone.client.provision({ Policies: { Policy: [{ PolicyType: TYPE }] } });
    expect(document?.Status).toBe(status);
  });

  it('may let devices in that send no key at all, or tell them that they cannot be provisioned', async () => {
    for (const [withoutKey, status] of [
      ['allow', 1],
      ['refuse', 141],
      ['provision', 142],
    ] as const) {
      const phone = (await demanding({ withoutKey })).phone();
      const body = bytesOf(el('FolderHierarchy', 'FolderSync', [el('FolderHierarchy', 'SyncKey', '0')]));
      const answer = await phone.client.raw('FolderSync', body, { 'X-MS-PolicyKey': '' });
      expect(decode(FolderSyncResponse, answer.body, 161).Status).toBe(status);
    }
  });
});

describe('a wipe', () => {
  it.each(VERSIONS)(
    'of a device, from the order to the end, version %i [MS-ASPROV R322 R760 R1041 R1042]',
    async (version) => {
      const person = await shared.person();
      const { devices } = shared.running.domain;
      const phone = await ready(person, { version });
      const [device] = await devices.list(person.account.id);
      const ping = phone.ping([phone.inbox], 600);
      await shared.untilHeld(1);

      await devices.orderWipe(person.account.id, device!.id, 'device');
      expect((await ping).document).toEqual({ Status: 7 });
      // It hears of it by any command; Ping goes on saying 7.
      expect((await phone.ping([phone.inbox], 600)).document).toEqual({ Status: 7 });
      expect(await folderSync(phone)).toEqual(version < 140 ? [449, undefined] : [200, 140]);

      const empty = await phone.client.provision();
      expect(empty.document).toEqual({ Status: 1, RemoteWipe: true });
      expect((await phone.client.provision({ RemoteWipe: { Status: 2 } })).document).toEqual({
        Status: 2,
        RemoteWipe: true,
      });
      expect((await phone.client.provision({ RemoteWipe: { Status: 1 } })).document).toEqual({ Status: 1 });
      expect((await phone.client.provision({ RemoteWipe: { Status: 1 } })).document).toEqual({ Status: 1 });

      expect((await devices.get(person.account.id, device!.id))?.wipe?.state).toBe('done');
      expect(await folderSync(phone)).toEqual(version < 140 ? [403, undefined] : [200, 129]);
      // Another device of the same person never heard of any of it.
      expect(await folderSync(person.phone({ version, deviceId: 'INNOCENT1' }))).toEqual([200, 1]);
      // Removed, it is a stranger and may come back.
      await devices.remove(person.account.id, device!.id);
      expect(await folderSync(person.phone({ version }))).toEqual([200, 1]);
    },
  );

  it('of an account, where the version has one; older ones are shut out and keep what is theirs', async () => {
    for (const version of VERSIONS) {
      const person = await shared.person();
      const phone = await ready(person, { version });
      const [device] = await shared.running.domain.devices.list(person.account.id);
      await shared.running.domain.devices.orderWipe(person.account.id, device!.id, 'account');
      const { document, status } = await phone.client.provision();
      if (version >= 161) expect(document).toEqual({ Status: 1, AccountOnlyRemoteWipe: true });
      else if (version >= 140) expect(document).toEqual({ Status: 129 });
      else expect(status).toBe(403);
      if (version < 161) continue;
      expect((await phone.client.provision({ AccountOnlyRemoteWipe: { Status: 1 } })).document).toEqual({ Status: 1 });
    }
  });

  it('is not in any answer to who has none [MS-ASPROV R6903]', async () => {
    const phone = (await demanding()).phone();
    expect((await phone.client.provision()).document).toEqual({ Status: 1 });
    const { document } = await ask(phone);
    expect(document).not.toHaveProperty('RemoteWipe');
    expect(document).not.toHaveProperty('AccountOnlyRemoteWipe');
    expect((await phone.client.provision({ RemoteWipe: { Status: 1 } })).document).toEqual({ Status: 2 });
  });

  it('iOS reports it with its Status before the RemoteWipe', async () => {
    const person = await shared.person();
    const phone = await ready(person);
    const [device] = await shared.running.domain.devices.list(person.account.id);
    await shared.running.domain.devices.orderWipe(person.account.id, device!.id, 'device');
    await phone.client.provision();
    const body = bytesOf(el('Provision', 'Provision', [el('Provision', 'Status', '1'), el('Provision', 'RemoteWipe')]));
    const { body: answer } = await phone.client.raw('Provision', body);
    expect(decode(ProvisionResponse, answer, 161)).toEqual({ Status: 1 });
  });
});
