import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { parsePolicy, renderPolicy } from '../../../lib/identity/policy.ts';
import type { PolicySettings } from '../../../lib/identity/policy-settings.ts';
import { droppedByWap, WAP_SETTINGS, wapDocument } from '../../../lib/identity/wap-policy.ts';

/** The parameters of a document, by the registry key that they stand in. */
function parametersOf(document: string): Record<string, string> {
  const found: Record<string, string> = {};
  const path: string[] = [];
  for (const [, type, name, value, end] of document.matchAll(
    /<characteristic type="([^"]*)">|<parm name="([^"]*)" value="([^"]*)"\/>|(<\/characteristic>)/g,
  )) {
    if (type !== undefined) path.push(type);
    else if (end !== undefined) path.pop();
    else found[`${path.at(-1)!.split('\\').at(-1)} ${name}`] = value!;
  }
  expect(path).toEqual([]);
  return found;
}
const parameters = (settings: PolicySettings) => parametersOf(wapDocument(settings));

const settings: fc.Arbitrary<PolicySettings> = fc.record(
  {
    DevicePasswordEnabled: fc.boolean(),
    AlphanumericDevicePasswordRequired: fc.boolean(),
    MinDevicePasswordLength: fc.integer({ min: 1, max: 16 }),
    MaxInactivityTimeDeviceLock: fc.integer({ min: 1, max: 100_000 }),
    MaxDevicePasswordFailedAttempts: fc.integer({ min: 4, max: 16 }),
    AllowCamera: fc.boolean(),
  },
  { requiredKeys: [] },
);

describe('a policy as text for Windows Mobile', () => {
  test('states a password and what belongs to it', () => {
    expect(
      parameters({
        DevicePasswordEnabled: true,
        AlphanumericDevicePasswordRequired: true,
        MinDevicePasswordLength: 8,
        MaxInactivityTimeDeviceLock: 300,
        MaxDevicePasswordFailedAttempts: 10,
      }),
    ).toEqual({
      'SecurityPolicy 4131': '0',
      '{50C13377-C66D-400C-889E-C316FC4AB374} AEFrequencyType': '1',
      '{50C13377-C66D-400C-889E-C316FC4AB374} AEFrequencyValue': '5',
      'LASSD DeviceWipeThreshold': '10',
      'LASSD CodewordFrequency': '5',
      'lap_pw MinimumPasswordLength': '8',
      'lap_pw PasswordComplexity': '0',
    });
  });

  test('demands nothing more than a password where nothing more is set', () => {
    expect(parameters({ DevicePasswordEnabled: true })).toEqual({
      'SecurityPolicy 4131': '0',
      '{50C13377-C66D-400C-889E-C316FC4AB374} AEFrequencyType': '0',
      '{50C13377-C66D-400C-889E-C316FC4AB374} AEFrequencyValue': '0',
      'LASSD DeviceWipeThreshold': '-1',
      'LASSD CodewordFrequency': '-1',
      'lap_pw MinimumPasswordLength': '1',
      'lap_pw PasswordComplexity': '2',
    });
  });

  test.each([[{}], [{ DevicePasswordEnabled: false }], [{ MinDevicePasswordLength: 8 }]])(
    'says that no password is needed, and nothing else, for %j',
    (given) => {
      expect(parameters(given)).toEqual({ 'SecurityPolicy 4131': '1' });
    },
  );

  test.each([
    [1, '1', '1'],
    [60, '1', '1'],
    [61, '1', '2'],
    [9_998, '1', '167'],
    [9_999, '0', '0'],
    [4_000_000, '0', '0'],
  ])('locks after %i seconds: type %s, %s minutes', (seconds, type, minutes) => {
    const told = parameters({ DevicePasswordEnabled: true, MaxInactivityTimeDeviceLock: seconds });
    const of = (name: string) => told[`{50C13377-C66D-400C-889E-C316FC4AB374} ${name}`];
    expect([of('AEFrequencyType'), of('AEFrequencyValue')]).toEqual([type, minutes]);
  });

  test('is well-formed XML whatever is set', async () => {
    const documents = fc.sample(settings, { numRuns: 50, seed: 1 }).map(wapDocument);
    const xml = documents.map((contents, n) => ({ fileName: `${n}.xml`, contents }));
    const schema = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
      <xs:element name="wap-provisioningdoc"><xs:complexType><xs:sequence>
        <xs:element ref="characteristic" minOccurs="1" maxOccurs="2"/></xs:sequence></xs:complexType></xs:element>
      <xs:element name="characteristic"><xs:complexType><xs:choice minOccurs="1" maxOccurs="unbounded">
        <xs:element ref="characteristic"/>
        <xs:element name="parm"><xs:complexType><xs:attribute name="name" type="xs:string" use="required"/>
          <xs:attribute name="value" type="xs:integer" use="required"/></xs:complexType></xs:element>
      </xs:choice><xs:attribute name="type" type="xs:string" use="required"/></xs:complexType></xs:element>
    </xs:schema>`;
    const { errors } = await validateXML({ xml, schema: [{ fileName: 'wap.xsd', contents: schema }] });
    expect(errors).toEqual([]);
  });

  test('is another text exactly where a device would do something else', () => {
    fc.assert(
      fc.property(settings, settings, (one, other) => {
        const same = JSON.stringify(parameters(one)) === JSON.stringify(parameters(other));
        expect(wapDocument(one) === wapDocument(other)).toBe(same);
      }),
    );
  });
});

describe('what a device of 2.5 is not told', () => {
  test('is every setting but those five', () => {
    const all = { ...Object.fromEntries(WAP_SETTINGS.map((name) => [name, true])), AllowCamera: false };
    expect(droppedByWap(all as PolicySettings)).toEqual(['AllowCamera']);
    expect(droppedByWap({})).toEqual([]);
  });

  test('decides with the rest whether its policy has changed', () => {
    const rendered = (given: object, version: 25 | 120) =>
      renderPolicy(parsePolicy('p', { settings: { DevicePasswordEnabled: true, ...given } }), version);
    expect(rendered({ AllowStorageCard: false }, 25)).toEqual({
      hash: rendered({}, 25).hash,
      dropped: ['AllowStorageCard'],
    });
    expect(rendered({ MinDevicePasswordLength: 5 }, 25).hash).not.toBe(rendered({}, 25).hash);
    expect(rendered({ MinDevicePasswordLength: 5 }, 25)).toMatchObject({ dropped: [] });
    expect(rendered({ MaxAttachmentSize: 5 }, 120)).toMatchObject({ dropped: [] });
  });
});
