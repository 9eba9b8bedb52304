/** Many devices: one is set up as a phone does it, the others begin with copies of its rows. */
import type { EasClient } from '../../../lib/client/client.ts';
import { Phone } from '../../../lib/client/phone.ts';
import type { DeviceId, MailboxId } from '../../../lib/ops/ids.ts';
import { type Row, type Table, TRANSACTION_LIMIT } from '../../../lib/store/ports.ts';
import { mailboxPartition } from '../../../lib/store/schema.ts';

/** The device's partnership and what it has synchronised, under other names. */
export async function copyDevice(
  table: Table,
  mailbox: MailboxId,
  from: DeviceId,
  names: readonly DeviceId[],
): Promise<void> {
  const pk = mailboxPartition(mailbox);
  const read = (prefix: string) => table.query({ table: 'devices', pk, prefix, consistency: 'strong' });
  const device = (await read(`D#${from}`)).filter(({ sk }) => sk === `D#${from}`);
  const states = await read(`S#${from}#`);
  const rows = names.flatMap((name) =>
    [...device, ...states].map((row): Row => ({ ...row, sk: row.sk.replace(from, name) })),
  );
  for (let start = 0; start < rows.length; start += TRANSACTION_LIMIT) {
    const some = rows.slice(start, start + TRANSACTION_LIMIT);
    await table.transact(some.map((row) => ({ op: 'put', table: 'devices', row })));
  }
}

/** The phone that a copy belongs to: it knows what its model knows. */
export function copyPhone(model: Phone, deviceId: string, options: Partial<EasClient['options']> = {}): Phone {
  const phone = new Phone({ ...model.client.options, ...options, deviceId });
  phone.client.policyKey = model.client.policyKey;
  phone.hierarchyKey = model.hierarchyKey;
  phone.collectionOptions = model.collectionOptions;
  for (const [id, folder] of model.folders) phone.folders.set(id, { ...folder, items: new Map(folder.items) });
  return phone;
}

/** Runs `each` for all, so many at once. */
export async function pool<T>(all: readonly T[], width: number, each: (one: T) => Promise<unknown>): Promise<void> {
  const work = all.values();
  const worker = async () => {
    for (const one of work) await each(one);
  };
  await Promise.all(Array.from({ length: Math.min(width, all.length) }, worker));
}
