import { X509Certificate } from 'node:crypto';
import type { Clock } from '../ops/clock.ts';
import type { MailboxId } from '../ops/ids.ts';
import type { Row, Table } from '../store/ports.ts';
import { accountPartition, CERTIFICATES, keys } from '../store/schema.ts';

/** The bytes are no certificate, or not one that mail could be encrypted with. */
export class InvalidCertificate extends Error {
  override readonly name = 'InvalidCertificate';
}

export interface Certificate {
  /** Names it in lists: the beginning of its SHA-256 fingerprint. */
  readonly id: string;
  readonly der: Uint8Array;
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly validFrom: number;
  readonly validTo: number;
}

/** Of one account. */
export const MAX_CERTIFICATES = 20;
const MAX_BYTES = 16 * 1024;
const ID_LENGTH = 16;

/** S/MIME certificates with which others encrypt mail to an account. */
export interface Certificates {
  list(id: MailboxId): Promise<readonly Certificate[]>;
  /** Those that are valid now, the one that is valid longest first. */
  valid(id: MailboxId): Promise<readonly Certificate[]>;
  /** PEM or DER; one that is there already stays. @throws InvalidCertificate */
  add(id: MailboxId, bytes: Uint8Array): Promise<Certificate>;
  /** `false`: there was none. */
  remove(id: MailboxId, certificate: string): Promise<boolean>;
}

export function createCertificates(table: Pick<Table, 'query' | 'transact'>, clock: Clock): Certificates {
  async function list(id: MailboxId): Promise<readonly Certificate[]> {
    const rows = await table.query({ table: 'directory', pk: accountPartition(id), prefix: CERTIFICATES });
    return rows.flatMap(certificateOf).sort((a, b) => b.validTo - a.validTo);
  }
  return {
    list,
    async valid(id) {
      const now = clock.now();
      return (await list(id)).filter(({ validFrom, validTo }) => validFrom <= now && now < validTo);
    },
    async add(id, bytes) {
      const read = readCertificate(bytes);
      const there = await list(id);
      if (there.length >= MAX_CERTIFICATES && there.every((one) => one.id !== read.id)) {
        throw new InvalidCertificate(`an account has at most ${MAX_CERTIFICATES} certificates`);
      }
      const { table: name, pk, sk } = keys.certificate(id, read.id);
      await table.transact([{ op: 'put', table: name, row: { pk, sk, der: read.der } }]);
      return read;
    },
    async remove(id, certificate) {
      if (!(await list(id)).some((one) => one.id === certificate)) return false;
      await table.transact([{ op: 'delete', key: keys.certificate(id, certificate) }]);
      return true;
    },
  };
}

function readCertificate(bytes: Uint8Array): Certificate {
  if (bytes.length > 2 * MAX_BYTES) throw new InvalidCertificate('the certificate is too large');
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(bytes);
  } catch (error) {
    throw new InvalidCertificate('not a certificate in PEM or DER', { cause: error });
  }
  if (parsed.ca) throw new InvalidCertificate('this certificate is that of an authority, not of a person');
  if (parsed.raw.length > MAX_BYTES) throw new InvalidCertificate('the certificate is too large');
  return {
    id: parsed.fingerprint256.replaceAll(':', '').slice(0, ID_LENGTH).toLowerCase(),
    der: new Uint8Array(parsed.raw),
    subject: parsed.subject.replaceAll('\n', ', '),
    validFrom: parsed.validFromDate.getTime(),
    validTo: parsed.validToDate.getTime(),
  };
}

/** A row that cannot be read is none. */
function certificateOf({ der }: Row): readonly Certificate[] {
  try {
    return [readCertificate(der as Uint8Array)];
  } catch {
    return [];
  }
}
