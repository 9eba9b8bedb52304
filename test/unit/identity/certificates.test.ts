import { expect, test } from 'vitest';
import { createCertificates, InvalidCertificate, MAX_CERTIFICATES } from '../../../lib/identity/certificates.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import { makeCertificate, pem } from '../../support/certificates.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { eachStore } from '../../support/stores.ts';

const KIM = 'kim' as MailboxId;
const DAY = 86_400_000;

eachStore(
  (open) => {
    async function setup() {
      const clock = new FakeClock();
      const make = (name: string, from: number, to: number, ca = false) =>
        makeCertificate(name, { from: clock.now() + from * DAY, to: clock.now() + to * DAY, ca });
      return { clock, make, certificates: createCertificates((await open()).table, clock) };
    }

    test('certificates are listed, the one valid longest first; those that are over or to come are not valid', async () => {
      const { clock, make, certificates } = await setup();
      const [short, long, over, later] = await Promise.all([
        make('short', -1, 5),
        make('long', -1, 50),
        make('over', -9, -1),
        make('later', 1, 9),
      ]);
      await certificates.add(KIM, short);
      await certificates.add(KIM, Buffer.from(pem(long)));
      await certificates.add(KIM, over);
      await certificates.add(KIM, later);
      const names = async (how: 'list' | 'valid') => (await certificates[how](KIM)).map(({ subject }) => subject);
      expect(await names('list')).toEqual(['CN=long', 'CN=later', 'CN=short', 'CN=over']);
      expect(await names('valid')).toEqual(['CN=long', 'CN=short']);
      await clock.advance(6 * DAY);
      expect(await names('valid')).toEqual(['CN=long', 'CN=later']);
      expect(Buffer.from((await certificates.valid(KIM))[0]!.der)).toEqual(Buffer.from(long));
      expect(await certificates.list('other' as MailboxId)).toEqual([]);
    });

    test('the same one again changes nothing; it is removed by its name', async () => {
      const { make, certificates } = await setup();
      const der = await make('a', -1, 5);
      const { id } = await certificates.add(KIM, der);
      await certificates.add(KIM, Buffer.from(pem(der)));
      expect((await certificates.list(KIM)).map((one) => one.id)).toEqual([id]);
      expect(await certificates.remove(KIM, 'none')).toBe(false);
      expect(await certificates.remove(KIM, id)).toBe(true);
      expect(await certificates.list(KIM)).toEqual([]);
    });
  },
  ['sqlite', 'dynamo'],
);

test('what is no certificate of a person is refused, and so is one too many', async () => {
  const clock = new FakeClock();
  const rows: { der: Uint8Array }[] = [];
  const table = { query: async () => rows, transact: async () => {} } as unknown as Parameters<
    typeof createCertificates
  >[0];
  const certificates = createCertificates(table, clock);
  const times = { from: clock.now(), to: clock.now() + DAY };
  const authority = await makeCertificate('CA', { ...times, ca: true });
  for (const bytes of [Buffer.from('hello'), Buffer.alloc(0), authority, Buffer.alloc(40_000)]) {
    await expect(certificates.add(KIM, bytes)).rejects.toThrow(InvalidCertificate);
  }
  const [first, ...others] = await Promise.all(
    Array.from({ length: MAX_CERTIFICATES + 1 }, (_, n) => makeCertificate(`n${n}`, times)),
  );
  rows.push(...others.map((der) => ({ der })), { der: Buffer.from('broken') });
  await expect(certificates.add(KIM, first!)).rejects.toThrow(`${MAX_CERTIFICATES}`);
  await certificates.add(KIM, others[0]!);
});
