import { describe, expect, test } from 'vitest';
import { EASProvisionDoc } from '../../../lib/documents/policy.ts';
import { ProvisionRequest, ProvisionResponse } from '../../../lib/documents/provision.ts';
import type { ProtocolVersion } from '../../../lib/protocol/versions.ts';
import { decode, encode, parseDocument, toXml } from '../../../lib/wbxml/index.ts';

const xml = (bytes: Uint8Array): string => toXml(bytes).split('\n')[1]!;
type Kinds = Readonly<Record<string, { readonly shape: { readonly kind: string } }>>;
type Policy = NonNullable<ProvisionResponse['Policies']>['Policy'][number];

function answer(policy: EASProvisionDoc, version: ProtocolVersion): string {
  const first: Policy = {
    PolicyType: 'MS-EAS-Provisioning-WBXML',
    Status: 1,
    PolicyKey: '77',
    Data: { EASProvisionDoc: policy },
  };
  return xml(encode(ProvisionResponse, { Status: 1, Policies: { Policy: [first] } }, version));
}

describe('a policy', () => {
  const { fields } = EASProvisionDoc.shape as unknown as { readonly fields: Kinds };

  test('has all settings of MS-ASPROV', () => {
    expect(Object.keys(fields)).toHaveLength(42);
  });

  test('has its settings in every version, as all came by 12.1', () => {
    const policy = Object.fromEntries(
      Object.entries(fields).map(([name, { shape }]) => [
        name,
        shape.kind === 'bool' ? true : shape.kind === 'int' ? 1 : {},
      ]),
    ) as EASProvisionDoc;
    const tags = (version: ProtocolVersion): number => answer(policy, version).match(/<\w+/g)!.length;
    expect([121, 140, 141, 160, 161].map((version) => tags(version as ProtocolVersion))).toEqual(Array(5).fill(42 + 9));
  });

  test('says that a setting has no value by an empty tag', () => {
    expect(
      answer({ DevicePasswordEnabled: false, MinDevicePasswordLength: null, MaxAttachmentSize: 500 }, 161),
    ).toContain(
      '<EASProvisionDoc><DevicePasswordEnabled>0</DevicePasswordEnabled><MinDevicePasswordLength/>' +
        '<MaxAttachmentSize>500</MaxAttachmentSize></EASProvisionDoc>',
    );
  });

  test('lists applications by name and by hash', () => {
    const policy = {
      UnapprovedInROMApplicationList: { ApplicationName: ['a', 'b'] },
      ApprovedApplicationList: { Hash: ['h'] },
    };
    expect(answer(policy, 121)).toContain(
      '<UnapprovedInROMApplicationList><ApplicationName>a</ApplicationName><ApplicationName>b</ApplicationName>' +
        '</UnapprovedInROMApplicationList><ApprovedApplicationList><Hash>h</Hash></ApprovedApplicationList>',
    );
  });
});

describe('a Provision response', () => {
  test('has the parts of a policy in the order of the schema', () => {
    expect(answer({}, 161)).toBe(
      '<Provision xmlns="Provision"><Status>1</Status><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType>' +
        '<Status>1</Status><PolicyKey>77</PolicyKey><Data><EASProvisionDoc/></Data></Policy></Policies></Provision>',
    );
  });

  test('takes back the device information that came with the request', () => {
    expect(xml(encode(ProvisionResponse, { DeviceInformation: { Status: 1 }, Status: 1 }, 141))).toBe(
      '<Provision xmlns="Provision"><DeviceInformation xmlns="Settings"><Status>1</Status></DeviceInformation><Status>1</Status></Provision>',
    );
  });

  test('wipes with an empty tag, and an account alone from 16.1 on', () => {
    expect(xml(encode(ProvisionResponse, { Status: 1, RemoteWipe: true }, 121))).toContain(
      '<Status>1</Status><RemoteWipe/>',
    );
    expect(xml(encode(ProvisionResponse, { Status: 1, AccountOnlyRemoteWipe: true }, 161))).toContain(
      '<AccountOnlyRemoteWipe/>',
    );
    expect(xml(encode(ProvisionResponse, { Status: 1, AccountOnlyRemoteWipe: true }, 160))).not.toContain('Wipe');
  });
});

describe('a Provision request', () => {
  test('may be empty, while a wipe is pending', () => {
    expect(decode(ProvisionRequest, encode(ProvisionRequest, {}, 141), 141)).toEqual({});
  });

  test('acknowledges a wipe; iOS says so twice', () => {
    const bytes = encode(ProvisionRequest, { Status: 1, RemoteWipe: { Status: 1 } }, 141);
    expect(parseDocument(bytes).children.map(({ tag }) => tag)).toEqual(['Status', 'RemoteWipe']);
    expect(decode(ProvisionRequest, bytes, 141)).toEqual({ Status: 1, RemoteWipe: { Status: 1 } });
  });

  test('describes the device', () => {
    const value: ProvisionRequest = {
      DeviceInformation: {
        Set: { Model: 'M', IMEI: '1', OS: 'OS 1', PhoneNumber: '+49', EnableOutboundSMS: 0, MobileOperator: 'O' },
      },
      Policies: { Policy: [{ PolicyType: 'MS-EAS-Provisioning-WBXML' }] },
    };
    expect(decode(ProvisionRequest, encode(ProvisionRequest, value, 141), 141)).toEqual(value);
  });
});
