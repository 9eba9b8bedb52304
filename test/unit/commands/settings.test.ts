import { describe, expect, test, vi } from 'vitest';
import { createSettings } from '../../../lib/commands/settings.ts';
import type { SettingsRequest } from '../../../lib/documents/settings.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { ALL_VERSIONS, type Phone, phone } from './phone.ts';

/** There was no such command in 2.5. */
const SETTINGS_VERSIONS = ALL_VERSIONS.filter((version) => version >= 120);

describe('DeviceInformation', () => {
  test.each(SETTINGS_VERSIONS)('is kept, in version %i [MS-ASCMD R1507 R4387 R4392]', async (version) => {
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
    expect((await ada.device()).information).toMatchObject({ model: 'A', enableOutboundSms: true });
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
    ['a recovery password that nobody asked for [MS-ASCMD R4402]', { DevicePassword: { Set: { Password: 'x' } } }, 7],
    ['one that is too long [MS-ASCMD R4400]', { DevicePassword: { Set: { Password: 'x'.repeat(256) } } }, 5],
    ['one that is as long as it may be', { DevicePassword: { Set: { Password: 'x'.repeat(255) } } }, 7],
    ['none where one is set [MS-ASCMD R4398]', { DevicePassword: { Set: {} } }, 2],
    ['nothing of DevicePassword', { DevicePassword: {} }, 2],
    ['switching automatic replies off', { Oof: { Set: { OofState: 0 } } }, 1],
    ['switching them on', { Oof: { Set: { OofState: 1 } } }, 1],
    ['nothing of Oof', { Oof: {} }, 2],
    ['Get and Set of Oof at once', { Oof: { Get: {}, Set: { OofState: 0 } } }, 2],
  ] as [string, SettingsRequest, number][])('%s', async (_, request, status) => {
    const ada = await phone();
    const answer = await ada.settings(request);
    const [property] = Object.keys(request) as (keyof SettingsRequest)[];
    expect(answer).toEqual({ Status: 1, [property!]: { Status: status } });
  });

  test.each([141, 161] as const)('there is no rights management, in version %i [MS-ASRM R196]', async (version) => {
    const ada = await phone(version);
    const answer = await ada.settings({ RightsManagementInformation: { Get: true } });
    expect(answer.RightsManagementInformation).toMatchObject({ Status: 168, Get: {} });
  });
});

describe('a recovery password', () => {
  test('is kept where the policy asks for it [MS-ASCMD R4396]', async () => {
    const ada = await phone();
    await ada.world.policies.save('default', { settings: { PasswordRecoveryEnabled: true } });
    const set = (Password: string) => ada.settings({ DevicePassword: { Set: { Password } } });
    expect(await set('hunter2')).toEqual({ Status: 1, DevicePassword: { Status: 1 } });
    expect((await ada.device()).recovery).toMatch(/^v1\./);
    expect(await set('')).toEqual({ Status: 1, DevicePassword: { Status: 1 } });
    expect((await ada.device()).recovery).toBeUndefined();
    ada.vault = undefined;
    expect(await set('hunter2')).toEqual({ Status: 1, DevicePassword: { Status: 7 } });
  });
});

describe('automatic replies', () => {
  const message = (over: object) => ({ Enabled: true, ReplyMessage: 'Away', BodyType: 'Text', ...over });
  const internal = message({ AppliesToInternal: true });
  const oof = (ada: Phone) => ({
    set: async (set: object) => (await ada.settings({ Oof: { Set: set } })).Oof?.Status,
    get: async (get: object = {}) => (await ada.settings({ Oof: { Get: get } })).Oof?.Get,
  });
  const audience = (get: Awaited<ReturnType<ReturnType<typeof oof>['get']>>, tag: 'Internal' | 'ExternalKnown') =>
    get?.OofMessage?.find((one) => one[`AppliesTo${tag}`]);

  test('are off, for all three audiences, before anybody set them [MS-ASCMD R3505 R3513 R3525]', async () => {
    expect(await oof(await phone()).get()).toEqual({
      OofState: 0,
      OofMessage: [
        { AppliesToInternal: true, Enabled: false },
        { AppliesToExternalKnown: true, Enabled: false },
        { AppliesToExternalUnknown: true, Enabled: false },
      ],
    });
  });

  test.each(SETTINGS_VERSIONS)(
    'are given back as they were set, version %i [MS-ASCMD R787 R796 R805 R816 R826 R1106]',
    async (version) => {
      const { get, set } = oof(await phone(version));
      expect(await set({ OofState: 1, OofMessage: [internal] })).toBe(1);
      const given = await get({ BodyType: 'Text' });
      expect(given?.OofState).toBe(1);
      expect(audience(given, 'Internal')).toMatchObject({ Enabled: true, ReplyMessage: 'Away', BodyType: 'Text' });
      // R5677: without a text there is no type.
      expect(audience(given, 'ExternalKnown')).not.toHaveProperty('BodyType');
    },
  );

  test('come in the form that is asked for, as Text or HTML [MS-ASCMD R821 R826 R5677]', async () => {
    const { get, set } = oof(await phone());
    await set({ OofMessage: [message({ AppliesToInternal: true, ReplyMessage: 'a < b\nc' })] });
    expect(audience(await get({ BodyType: 'HTML' }), 'Internal')).toMatchObject({
      BodyType: 'HTML',
      ReplyMessage: expect.stringContaining('a &lt; b<br>'),
    });
    expect(audience(await get({ BodyType: 'Text' }), 'Internal')?.ReplyMessage).toBe('a < b\nc');
    await set({
      OofMessage: [message({ AppliesToInternal: true, ReplyMessage: '<p>Hi <b>you</b></p>', BodyType: 'HTML' })],
    });
    expect(audience(await get({ BodyType: 'TEXT' }), 'Internal')).toMatchObject({
      BodyType: 'Text',
      ReplyMessage: 'Hi you',
    });
    expect(audience(await get(), 'Internal')).toMatchObject({ BodyType: 'HTML', ReplyMessage: '<p>Hi <b>you</b></p>' });
  });

  test('have times with state 2, and with no other [MS-ASCMD R3535 R7544]', async () => {
    const { get, set } = oof(await phone());
    const times = { StartTime: Date.UTC(2026, 5, 1), EndTime: Date.UTC(2026, 5, 9) };
    expect(await set({ OofState: 2, ...times })).toBe(1);
    expect(await get()).toMatchObject({ OofState: 2, ...times });
    // What is not mentioned stays.
    expect(await set({ OofState: 2, OofMessage: [internal] })).toBe(1);
    expect(await get()).toMatchObject({ OofState: 2, ...times });
    expect(await set({ OofState: 1, ...times })).toBe(1);
    expect(await get()).not.toHaveProperty('StartTime');
  });

  const DAY = 86_400_000;
  test.each([
    ['a start without an end [MS-ASCMD R2272]', { OofState: 2, StartTime: DAY }, 2],
    ['an end without a start [MS-ASCMD R5681]', { OofState: 2, EndTime: DAY }, 2],
    ['a state that is none [MS-ASCMD R3530]', { OofState: 3 }, 2],
    ['a text for nobody', { OofMessage: [message({})] }, 2],
    ['times without any', { OofState: 2 }, 5],
    ['a form that is none', { OofMessage: [message({ AppliesToInternal: true, BodyType: 'RTF' })] }, 5],
    ['a text too long', { OofMessage: [message({ AppliesToInternal: true, ReplyMessage: 'é'.repeat(16_385) })] }, 5],
    ['an end before the start [MS-ASCMD R5385 R5583]', { OofState: 2, StartTime: 2 * DAY, EndTime: DAY }, 6],
  ])('%s: status, and nothing is changed', async (_, change, status) => {
    const { get, set } = oof(await phone());
    await set({ OofState: 1, OofMessage: [internal] });
    const before = await get();
    expect(await set(change)).toBe(status);
    expect(await get()).toEqual(before);
  });

  test('are no status where they cannot be kept: the request fails', async () => {
    const ada = await phone();
    const down = async () => {
      throw new StoreUnavailable('down');
    };
    vi.spyOn(ada.world.table, 'transact').mockImplementation(down);
    await expect(oof(ada).set({ OofState: 1 })).rejects.toThrow(StoreUnavailable);
  });

  test('are said of an audience that is silent, too [MS-ASCMD R1609]', async () => {
    const { get, set } = oof(await phone());
    await set({ OofMessage: [message({ AppliesToExternalKnown: true, Enabled: false })] });
    expect(audience(await get(), 'ExternalKnown')).toMatchObject({ Enabled: false, ReplyMessage: 'Away' });
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
    expect(command.versions).toEqual({ since: 120 });
    expect(command.failure(142)).toEqual({ Status: 142 });
  });
});
