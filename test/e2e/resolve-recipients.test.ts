import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ResolveRecipientsRequest, ResolveRecipientsResponse } from '../../lib/documents/resolve-recipients.ts';
import { ValidateCertRequest, ValidateCertResponse } from '../../lib/documents/validate-cert.ts';
import { makeCertificate, pem } from '../support/certificates.ts';
import type { Phone } from '../support/client/phone.ts';
import { temporaryFolder } from '../support/make-store.ts';
import { PASSWORD, startServer } from './harness.ts';
import { ready, sharedServer } from './shared.ts';

const shared = sharedServer();

async function resolve(phone: Phone, To: string[], Options?: ResolveRecipientsRequest['Options']) {
  const value = { To, Options };
  const answer = await phone.client.command(
    'ResolveRecipients',
    ResolveRecipientsRequest,
    value,
    ResolveRecipientsResponse,
  );
  return answer.document!;
}

async function office(version: 121 | 140 | 141 | 161 = 161) {
  const server = await startServer();
  const add = (address: string, name: string, aliases: string[] = []) =>
    server.domain.accounts.create({ address, name, aliases, password: PASSWORD });
  await add('ann@example.test', 'Ann Smith', ['smith@example.test']);
  await add('anton@example.test', 'Anton Dyck');
  await add('an@example.test', 'An');
  await add('ann@elsewhere.test', 'Ann Elsewhere');
  const phone = server.phone({ version });
  await phone.start();
  return phone;
}
const ANN = { Type: 1, DisplayName: 'Ann Smith', EmailAddress: 'ann@example.test' };

describe('ResolveRecipients', () => {
  it('answers each To in its order [MS-ASCMD R343 R2199 R3765 R3767 R3809 R3825 R4264 R4267 R4268 R4273 R4274 R4275 R4609 R4620 R4686 R5309]', async () => {
    const phone = await office();
    const { Status, Response } = await resolve(phone, ['smith@example.test', 'nobody', 'Ann Smith', 'Anton']);
    expect(Status).toBe(1);
    expect(Response).toEqual([
      { To: 'smith@example.test', Status: 1, RecipientCount: 1, Recipient: [ANN] },
      { To: 'nobody', Status: 4, RecipientCount: 0 },
      { To: 'Ann Smith', Status: 1, RecipientCount: 1, Recipient: [ANN] },
      {
        To: 'Anton',
        Status: 1,
        RecipientCount: 1,
        Recipient: [expect.objectContaining({ DisplayName: 'Anton Dyck' })],
      },
    ]);
  });

  it('suggests everybody whom an ambiguous name may mean, or as many as are wanted [MS-ASCMD R3761 R3762]', async () => {
    const phone = await office();
    const [all] = (await resolve(phone, ['ann'])).Response!;
    expect(all).toMatchObject({ Status: 1, Recipient: [ANN] });
    const [both] = (await resolve(phone, ['a'])).Response!;
    expect([both!.Status, both!.RecipientCount, both!.Recipient!.map((each) => each.DisplayName)]).toEqual([
      2,
      3,
      ['An', 'Ann Smith', 'Anton Dyck'],
    ]);
    const [one] = (await resolve(phone, ['a'], { MaxAmbiguousRecipients: 1 })).Response!;
    expect([one!.Status, one!.RecipientCount, one!.Recipient!.length]).toEqual([3, 1, 1]);
  });

  it('takes the one with exactly the name before those whose names only begin so', async () => {
    const [only] = (await resolve(await office(), ['an'])).Response!;
    expect(only).toMatchObject({ Status: 1, Recipient: [{ DisplayName: 'An' }] });
  });

  it('has no certificates, and says so where they are asked for [MS-ASCMD R856 R857 R858 R3764 R3768 R4279 R4301 R4304]', async () => {
    const phone = await office();
    for (const CertificateRetrieval of [2, 3]) {
      const [sure, unsure] = (await resolve(phone, ['smith@example.test', 'a'], { CertificateRetrieval })).Response!;
      expect(sure!.Recipient![0]!.Certificates).toEqual({ Status: 7, CertificateCount: 0, RecipientCount: 1 });
      expect(unsure!.Recipient!.every((each) => each.Certificates === undefined)).toBe(true);
    }
    const [none] = (await resolve(phone, ['smith@example.test'], { CertificateRetrieval: 1 })).Response!;
    expect(none!.Recipient![0]!.Certificates).toBeUndefined();
  });

  it('says for each half hour that nothing is known of somebody who is meant for sure [MS-ASCMD R819 R2265 R3319 R3320 R3329 R3330 R3338 R3339 R4290 R4291 R4617 R4618 R4623 R4624]', async () => {
    const phone = await office();
    const at = (time: string) => `2026-03-02T${time}.000Z`;
    const Availability = { StartTime: at('08:00:00'), EndTime: at('09:10:00') };
    const [sure, unsure] = (await resolve(phone, ['smith@example.test', 'a'], { Availability })).Response!;
    expect(sure!.Recipient![0]!.Availability).toEqual({ Status: 1, MergedFreeBusy: '444' });
    expect(unsure!.Recipient!.every((each) => each.Availability === undefined)).toBe(true);
    const [week] = (await resolve(phone, ['smith@example.test'], { Availability: { StartTime: at('08:00:00') } }))
      .Response!;
    expect(week!.Recipient![0]!.Availability!.MergedFreeBusy).toHaveLength(7 * 48);
  });

  it.each([
    ['a start that is no time [MS-ASCMD R3986]', { Availability: { StartTime: 'soon' } }],
    [
      'an end that is no time [MS-ASCMD R2264]',
      { Availability: { StartTime: '2026-03-02T08:00:00.000Z', EndTime: 'later' } },
    ],
    [
      'an end too soon [MS-ASCMD R2266]',
      { Availability: { StartTime: '2026-03-02T08:00:00.000Z', EndTime: '2026-03-02T08:29:00.000Z' } },
    ],
    [
      'more than 42 days [MS-ASCMD R5175 R5430]',
      { Availability: { StartTime: '2026-03-02T08:00:00.000Z', EndTime: '2026-04-14T08:00:00.000Z' } },
    ],
    ['a CertificateRetrieval that is none [MS-ASCMD R4270]', { CertificateRetrieval: 4 }],
    ['a number of suggestions that is none [MS-ASCMD R4270]', { MaxAmbiguousRecipients: -1 }],
  ])('says 5 to %s', async (_, options) => {
    const phone = await ready(await shared.person());
    expect(await resolve(phone, ['a'], options)).toEqual({ Status: 5 });
  });

  it('says 5 to more than a hundred names, and to one of more than 256 characters [MS-ASCMD R4269 R5656 R5873 R7501]', async () => {
    const phone = await ready(await shared.person());
    expect(
      await resolve(
        phone,
        Array.from({ length: 101 }, (_, n) => `n${n}`),
      ),
    ).toEqual({ Status: 5 });
    expect(await resolve(phone, ['x'.repeat(257)])).toEqual({ Status: 5 });
    expect((await resolve(phone, ['x'.repeat(256)])).Status).toBe(1);
  });

  it('has no pictures, and knows neither these nor free and busy times in versions that have none [MS-ASCMD R3287 R4309 R4311 R6085 R7262 R7265]', async () => {
    const ask = async (version: 121 | 140 | 141) => {
      const Availability = { StartTime: '2026-03-02T08:00:00.000Z', EndTime: '2026-03-02T08:30:00.000Z' };
      const { Response } = await resolve(await office(version), ['smith@example.test'], { Picture: {}, Availability });
      const { Picture, Availability: told } = Response![0]!.Recipient![0]!;
      return [Picture?.[0]?.Status, told?.Status];
    };
    expect([await ask(121), await ask(140), await ask(141)]).toEqual([
      [undefined, undefined],
      [undefined, 1],
      [173, 1],
    ]);
  });
});

describe('ValidateCert', () => {
  const validate = async (phone: Phone, Certificate: string[]) => {
    const value = { Certificates: { Certificate } };
    return (await phone.client.command('ValidateCert', ValidateCertRequest, value, ValidateCertResponse)).document!;
  };

  it('answers each certificate by itself [MS-ASCMD R4469 R4474 R4727 R5387 R5389]', async () => {
    const phone = await ready(await shared.person());
    expect(await validate(phone, ['no certificate', 'AAAA'])).toEqual({
      Status: 1,
      Certificate: [{ Status: 5 }, { Status: 5 }],
    });
  });

  it('trusts the authorities of a company where it is told of them', async () => {
    const now = Date.now();
    const der = await makeCertificate('Office CA', { from: now - 86_400_000, to: now + 86_400_000, ca: true });
    const text = Buffer.from(der).toString('base64');
    const stranger = await ready(await shared.person());
    expect(await validate(stranger, [text])).toEqual({ Status: 1, Certificate: [{ Status: 4 }] });
    const smimeRoots = join(await temporaryFolder(), 'roots.pem');
    await writeFile(smimeRoots, pem(der));
    const phone = (await startServer({ smimeRoots })).phone();
    await phone.start();
    expect(await validate(phone, [text])).toEqual({ Status: 1, Certificate: [{ Status: 1 }] });
  });

  it('says 2 to none and to more than a hundred [MS-ASCMD R4476 R5662]', async () => {
    const phone = await ready(await shared.person());
    expect(await validate(phone, [])).toEqual({ Status: 2 });
    expect(
      await validate(
        phone,
        Array.from({ length: 101 }, () => 'AAAA'),
      ),
    ).toEqual({ Status: 2 });
  });
});
