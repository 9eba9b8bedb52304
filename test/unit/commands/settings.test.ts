import { describe, expect, test } from 'vitest';
import { createSettings } from '../../../lib/commands/settings.ts';
import type { SettingsRequest } from '../../../lib/documents/settings.ts';
import { ALL_VERSIONS, phone } from './phone.ts';

describe('DeviceInformation', () => {
  test.each(ALL_VERSIONS)('is kept, in version %i [MS-ASCMD R1507 R4387 R4392]', async (version) => {
    const ada = await phone(version);
    const told = { Model: 'Nokia', FriendlyName: 'Ada', OS: 'S60', OSLanguage: 'fi', PhoneNumber: '+358' };
    expect(await ada.settings({ DeviceInformation: { Set: told } })).toEqual({
      Status: 1,
      DeviceInformation: { Status: 1 },
    });
    expect((await ada.device()).information).toEqual({
      model: 'Nokia',
      friendlyName: 'Ada',
      os: 'S60',
      osLanguage: 'fi',
      phoneNumber: '+358',
    });
  });

  test('adds to what was told before; an empty value takes one back', async () => {
    const ada = await phone();
    const tell = (set: object) => ada.settings({ DeviceInformation: { Set: set } });
    await tell({ Model: 'A', IMEI: '1', MobileOperator: 'X', UserAgent: 'U', EnableOutboundSMS: 1 });
    await tell({ Model: 'B', IMEI: '', EnableOutboundSMS: 0 });
    expect((await ada.device()).information).toEqual({
      model: 'B',
      mobileOperator: 'X',
      userAgent: 'U',
      enableOutboundSms: false,
    });
  });

  test('one value is enough [MS-ASCMD R3944]; none is an invalid argument [MS-ASCMD R5582]', async () => {
    const ada = await phone();
    const status = async (set: object | undefined) =>
      (await ada.settings({ DeviceInformation: { Set: set } })).DeviceInformation?.Status;
    expect(await status({ OS: 'x' })).toBe(1);
    expect(await status({})).toBe(5);
    expect(await status(undefined)).toBe(2);
  });

  test('longer than the schema allows is cut', async () => {
    const ada = await phone();
    await ada.settings({ DeviceInformation: { Set: { Model: 'x'.repeat(5000) } } });
    expect((await ada.device()).information?.model).toHaveLength(1024);
  });
});

describe('UserInformation', () => {
  test.each([121, 140] as const)(
    'of version %i is a list of addresses [MS-ASCMD R1595 R1596 R2904 R3962 R5854 R6672]',
    async (version) => {
      const ada = await phone(version);
      expect(await ada.settings({ UserInformation: { Get: true } })).toEqual({
        Status: 1,
        UserInformation: {
          Status: 1,
          Get: { EmailAddresses: { SMTPAddress: ['ada@example.com', 'a@x.org'] } },
        },
      });
    },
  );

  test.each([141, 160, 161] as const)(
    'of version %i is an account [MS-ASCMD R999 R1023 R1024 R3679 R5854]',
    async (version) => {
      const ada = await phone(version);
      expect(await ada.settings({ UserInformation: { Get: true } })).toEqual({
        Status: 1,
        UserInformation: {
          Status: 1,
          Get: {
            Accounts: {
              Account: [
                {
                  UserDisplayName: 'Ada',
                  EmailAddresses: {
                    SMTPAddress: ['ada@example.com', 'a@x.org'],
                    PrimarySmtpAddress: 'ada@example.com',
                  },
                },
              ],
            },
          },
        },
      });
    },
  );

  test('leaves out a name that there is not', async () => {
    const ada = await phone();
    await ada.world.accounts.update(ada.account.id, { name: '' });
    const answer = await ada.settings({ UserInformation: { Get: true } });
    expect(answer.UserInformation?.Get?.Accounts?.Account[0]).not.toHaveProperty('UserDisplayName');
  });

  test('without Get is a protocol error', async () => {
    const ada = await phone();
    expect((await ada.settings({ UserInformation: {} })).UserInformation).toEqual({ Status: 2 });
  });
});

describe('other properties', () => {
  test.each([
    [
      'a recovery password: nobody could read it out [MS-ASCMD R4402]',
      { DevicePassword: { Set: { Password: 'x' } } },
      7,
    ],
    ['one that is too long [MS-ASCMD R4400]', { DevicePassword: { Set: { Password: 'x'.repeat(256) } } }, 5],
    ['none where one is set [MS-ASCMD R4398]', { DevicePassword: { Set: {} } }, 2],
    ['nothing of DevicePassword', { DevicePassword: {} }, 2],
    ['switching automatic replies off', { Oof: { Set: { OofState: 0 } } }, 1],
    ['switching them on', { Oof: { Set: { OofState: 1 } } }, 3],
    ['nothing of Oof', { Oof: {} }, 2],
    ['Get and Set of Oof at once', { Oof: { Get: {}, Set: { OofState: 0 } } }, 2],
  ] as [string, SettingsRequest, number][])('%s', async (_, request, status) => {
    const ada = await phone();
    const answer = await ada.settings(request);
    const [property] = Object.keys(request) as (keyof SettingsRequest)[];
    expect(answer).toEqual({ Status: 1, [property!]: { Status: status } });
  });

  test('automatic replies are off', async () => {
    const ada = await phone();
    const answer = await ada.settings({ Oof: { Get: { BodyType: 'Text' } } });
    expect(answer.Oof).toEqual({ Status: 1, Get: { OofState: 0 } });
  });

  test.each([141, 161] as const)('there is no rights management, in version %i [MS-ASRM R196]', async (version) => {
    const ada = await phone(version);
    const answer = await ada.settings({ RightsManagementInformation: { Get: true } });
    expect(answer.RightsManagementInformation).toMatchObject({ Status: 168, Get: {} });
  });
});

describe('several properties in one request', () => {
  test('are answered in its order, each with its own status [MS-ASCMD R469 R480 R481 R482 R484 R485 R4382]', async () => {
    const ada = await phone();
    const one = { DeviceInformation: { Set: { OS: 'x' } } };
    const two = { UserInformation: { Get: true } };
    const three = { Oof: { Get: {} } };
    const there = await ada.settings({ ...one, ...two, ...three });
    expect(Object.keys(there)).toEqual(['Status', 'DeviceInformation', 'UserInformation', 'Oof']);
    const back = await ada.settings({ ...three, ...two, DeviceInformation: {} });
    expect(Object.keys(back)).toEqual(['Status', 'Oof', 'UserInformation', 'DeviceInformation']);
    expect(back).toMatchObject({ Status: 1, Oof: { Status: 1 }, DeviceInformation: { Status: 2 } });
  });

  test('of none a protocol error is all there is to say [MS-ASCMD R483]', async () => {
    const ada = await phone();
    expect(await ada.settings({})).toEqual({ Status: 2 });
  });

  test('a failure carries its code', () => {
    const command = createSettings({} as Parameters<typeof createSettings>[0]);
    expect(command).toMatchObject({ name: 'Settings', code: 17, needsPolicy: true, body: 'required' });
    expect(command.failure(142)).toEqual({ Status: 142 });
  });
});
