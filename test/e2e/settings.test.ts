import { describe, expect, it } from 'vitest';
import { SettingsRequest, SettingsResponse } from '../../lib/documents/settings.ts';
import { decode, parseDocument } from '../../lib/wbxml/index.ts';
import type { Phone } from '../support/client/phone.ts';
import { VERSIONS } from './harness.ts';
import { bytesOf, el, sharedServer } from './shared.ts';

/** There was no such command in 2.5. */
const SETTINGS_VERSIONS = VERSIONS.filter((version) => version >= 120);
const shared = sharedServer();

async function ask(phone: Phone, value: SettingsRequest): Promise<SettingsResponse> {
  return (await phone.client.command('Settings', SettingsRequest, value, SettingsResponse)).document!;
}
const phoneOf = async (version = 161) => {
  const person = await shared.person();
  return { person, phone: person.phone({ version: version as 161 }) };
};

describe('Settings', () => {
  it.each(SETTINGS_VERSIONS)('tells the addresses of the user, version %i [MS-ASDTYPE R100]', async (version) => {
    const { person, phone } = await phoneOf(version);
    const { UserInformation, Status } = await ask(phone, { UserInformation: { Get: true } });
    expect(Status).toBe(1);
    expect(UserInformation?.Status).toBe(1);
    const addresses =
      version < 141 ? UserInformation?.Get?.EmailAddresses : UserInformation?.Get?.Accounts?.Account[0]?.EmailAddresses;
    expect(addresses?.SMTPAddress).toEqual([person.address]);
    for (const address of addresses?.SMTPAddress ?? []) expect(address).toMatch(/^[^@\s]+@[^@\s]+$/);
  });

  it.each([140, 141, 160, 161])('says 104 to a time that is none, version %i [MS-ASCMD R4819]', async (version) => {
    const { phone } = await phoneOf(version);
    const times = [el('Settings', 'StartTime', '2026-02-30T00:00:00Z'), el('Settings', 'EndTime', 'tomorrow')];
    const oof = el('Settings', 'Oof', [el('Settings', 'Set', [el('Settings', 'OofState', '2'), ...times])]);
    const { body } = await phone.client.raw('Settings', bytesOf(el('Settings', 'Settings', [oof])));
    expect(parseDocument(body).children.map(({ tag, content }) => [tag, content])).toEqual([['Status', '104']]);
  });

  it('has no id and no name for the one account that there is [MS-ASCMD R5898 R5901 R5905]', async () => {
    const { phone } = await phoneOf();
    const { UserInformation } = await ask(phone, { UserInformation: { Get: true } });
    const [account] = UserInformation!.Get!.Accounts!.Account;
    expect(account).not.toHaveProperty('AccountId');
    expect(account).not.toHaveProperty('AccountName');
    expect(account).not.toHaveProperty('SendDisabled');
  });

  it.each(SETTINGS_VERSIONS)('keeps what a device says of itself, version %i', async (version) => {
    const { person, phone } = await phoneOf(version);
    const { DeviceInformation } = await ask(phone, {
      DeviceInformation: { Set: { Model: 'Nokia', FriendlyName: 'Mine', OS: 'WINDOWS' } },
    });
    expect(DeviceInformation).toEqual({ Status: 1 });
    const [device] = await shared.running.domain.devices.list(person.account.id);
    expect(device?.information).toMatchObject({ model: 'Nokia', friendlyName: 'Mine', os: 'WINDOWS' });
  });

  it('answers in the order in which it is asked, the Status first [MS-ASCMD R5713 R486 R2758]', async () => {
    const { phone } = await phoneOf();
    const document = (order: readonly ('Oof' | 'UserInformation' | 'DeviceInformation')[]) =>
      bytesOf(
        el(
          'Settings',
          'Settings',
          order.map((name) =>
            name === 'DeviceInformation'
              ? el('Settings', name, [el('Settings', 'Set', [el('Settings', 'Model', 'x')])])
              : el('Settings', name, [el('Settings', 'Get')]),
          ),
        ),
      );
    for (const order of [
      ['Oof', 'UserInformation', 'DeviceInformation'],
      ['DeviceInformation', 'UserInformation', 'Oof'],
    ] as const) {
      const { body } = await phone.client.raw('Settings', document(order));
      const root = parseDocument(body);
      expect(root.children.map(({ tag }) => tag)).toEqual(['Status', ...order]);
      for (const property of root.children.slice(1)) expect(property.children[0]?.tag).toBe('Status');
    }
  });

  it('says which of its parts are wrong, and does the others [MS-ASCMD R4386 R4391 R4395 R5702 R5845]', async () => {
    const { phone } = await phoneOf();
    const answer = await ask(phone, {
      DeviceInformation: { Set: {} },
      DevicePassword: { Set: { Password: 'x'.repeat(300) } },
      UserInformation: {},
      Oof: { Get: {} },
    });
    expect(answer).toMatchObject({
      Status: 1,
      DeviceInformation: { Status: 5 },
      DevicePassword: { Status: 5 },
      UserInformation: { Status: 2 },
      Oof: { Status: 1, Get: { OofState: 0 } },
    });
    expect(await ask(phone, {})).toEqual({ Status: 2 });
  });

  it('takes both ends of an absence or none [MS-ASCMD R2272 R5681 R3992 R5827 R3535]', async () => {
    const { phone } = await phoneOf();
    const [StartTime, EndTime] = [Date.UTC(2026, 5, 1), Date.UTC(2026, 5, 9)];
    const status = async (more: object) => (await ask(phone, { Oof: { Set: { OofState: 0, ...more } } })).Oof?.Status;
    expect(await status({ StartTime })).toBe(2);
    expect(await status({ EndTime })).toBe(2);
    expect(await status({ StartTime, EndTime })).toBe(1);
  });

  it('promises no recovery of a password that nobody asked for, and no rights management', async () => {
    const { phone } = await phoneOf();
    const answer = await ask(phone, {
      DevicePassword: { Set: { Password: 'secret' } },
      RightsManagementInformation: { Get: true },
    });
    expect(answer).toMatchObject({ DevicePassword: { Status: 7 }, RightsManagementInformation: { Status: 168 } });
  });

  it('of bytes that are none has a status of its own', async () => {
    const { phone } = await phoneOf();
    const { body, status } = await phone.client.raw('Settings', Uint8Array.of(1, 2, 3));
    expect(status).toBe(200);
    expect(decode(SettingsResponse, body, 161).Status).toBe(102);
  });
});
