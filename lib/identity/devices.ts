import type { Mailboxes } from '../mailbox/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { DeviceId, MailboxId } from '../ops/ids.ts';
import { ProtocolFailure } from '../protocol/command.ts';
import { ConditionFailed, type Key, type Table, TRANSACTION_LIMIT } from '../store/ports.ts';
import { keys, mailboxPartition } from '../store/schema.ts';
import { DEVICE_PREFIX, deviceOf, devicePatch } from './device-rows.ts';
import { decideAgain } from './retry.ts';
import type { Device, Devices } from './types.ts';

export class NoDevice extends Error {
  override readonly name = 'NoDevice';
}

export interface DevicesDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly mailboxes: Pick<Mailboxes, 'open'>;
  /** Partnerships of one mailbox; a further device gets status 177. Default: as many as come. */
  readonly maxDevices?: number;
}

const HOUR_MS = 3_600_000;
/** The device id of AOSP's account test. It has no partnership: nothing of it is stored. */
export const isTestDevice = (id: DeviceId) => id === 'validate';
/** A DeviceType or User-Agent longer than this is nobody's. */
const MOST_TEXT = 1024;
/** Rows that belong to a device, besides its own. */
const OWNED = ['S#', 'R#', 'W#', 'X#'];

type Seen = Parameters<Devices['touch']>[1];

export function createDevices(deps: DevicesDeps): Devices {
  const { table, clock, mailboxes, maxDevices = Number.POSITIVE_INFINITY } = deps;
  if (!(maxDevices >= 1)) throw new RangeError('maxDevices must be a number of at least 1');

  async function get(mailbox: MailboxId, id: DeviceId): Promise<Device | undefined> {
    const row = await table.get(keys.device(mailbox, id), 'strong');
    return row && deviceOf(row);
  }
  async function rows(mailbox: MailboxId) {
    return table.query({
      table: 'devices',
      pk: mailboxPartition(mailbox),
      prefix: DEVICE_PREFIX,
      consistency: 'strong',
    });
  }
  async function make(mailbox: MailboxId, seen: Seen): Promise<Device> {
    if (Number.isFinite(maxDevices) && (await rows(mailbox)).length >= maxDevices) {
      throw new ProtocolFailure(177, 'the mailbox has as many devices as it may have');
    }
    const { pk, sk } = keys.device(mailbox, seen.id);
    const { set } = devicePatch({ ...attributes(seen), firstSeen: clock.now(), lastSeen: clock.now() });
    try {
      await table.transact([{ op: 'put', table: 'devices', row: { ...set, pk, sk }, when: { row: 'absent' } }]);
    } catch (error) {
      // Two first requests at once: the other one made it.
      if (!(error instanceof ConditionFailed)) throw error;
    }
    return (await get(mailbox, seen.id)) ?? deviceOf({ ...set, pk, sk });
  }
  /** @throws ConditionFailed there is no such device */
  async function patch(mailbox: MailboxId, id: DeviceId, change: Partial<Omit<Device, 'id'>>): Promise<void> {
    await table.transact([
      { op: 'update', key: keys.device(mailbox, id), ...devicePatch(change), when: { row: 'present' } },
    ]);
  }

  return {
    get,
    list: async (mailbox) => (await rows(mailbox)).map(deviceOf).sort((a, b) => a.firstSeen - b.firstSeen),
    async touch(mailbox, seen) {
      const now = clock.now();
      if (isTestDevice(seen.id)) return { id: seen.id, ...attributes(seen), firstSeen: now, lastSeen: now };
      return decideAgain(clock, async () => {
        const device = await get(mailbox, seen.id);
        if (!device) return make(mailbox, seen);
        const fresh = attributes(seen);
        const news = { ...different(device, fresh), ...(now - device.lastSeen >= HOUR_MS ? { lastSeen: now } : {}) };
        if (Object.keys(news).length === 0) return device;
        const change = { ...news, lastSeen: now };
        await patch(mailbox, seen.id, change);
        return { ...device, ...change };
      });
    },
    async save(mailbox, id, change) {
      const now = clock.now();
      if (isTestDevice(id)) return { type: '', firstSeen: now, lastSeen: now, ...change, id };
      return decideAgain(clock, async () => {
        try {
          await patch(mailbox, id, change);
        } catch (error) {
          throw error instanceof ConditionFailed ? new NoDevice('no such device', { cause: error }) : error;
        }
        const saved = await get(mailbox, id);
        if (!saved) throw new NoDevice('no such device');
        return saved;
      });
    },
    async remove(mailbox, id) {
      // The partnership goes last, so that a removal that was cut short can be seen and done again.
      for (const prefix of OWNED) await removeAll(table, mailbox, `${prefix}${id}#`);
      await table.transact([{ op: 'delete', key: keys.device(mailbox, id) }]);
    },
    async orderWipe(mailbox, id, kind) {
      const { set } = devicePatch({ wipe: { kind, state: 'ordered', at: clock.now() } });
      try {
        // With the epoch in one transaction: a Ping held now ends, and its next request meets the order. A block is
        // lifted, since a device that is shut out would never hear of it.
        await mailboxes.open(mailbox).raise('wipeEpoch', {
          with: [{ op: 'update', key: keys.device(mailbox, id), set, remove: ['blocked'], when: { row: 'present' } }],
        });
      } catch (error) {
        throw error instanceof ConditionFailed ? new NoDevice('no such device', { cause: error }) : error;
      }
      const ordered = await get(mailbox, id);
      if (!ordered) throw new NoDevice('no such device');
      return ordered;
    },
  };
}

/** What a request says of its device. A request without a User-Agent says nothing of it. */
function attributes(seen: Seen) {
  const userAgent = seen.userAgent?.slice(0, MOST_TEXT);
  return {
    type: seen.type.slice(0, MOST_TEXT),
    version: seen.version,
    ...(userAgent === undefined ? {} : { userAgent }),
  };
}

function different(device: Device, fresh: ReturnType<typeof attributes>): Partial<Device> {
  return Object.fromEntries(Object.entries(fresh).filter(([name, value]) => device[name as keyof Device] !== value));
}

async function removeAll(table: Table, mailbox: MailboxId, prefix: string): Promise<void> {
  const pk = mailboxPartition(mailbox);
  for (;;) {
    const rows = await table.query({ table: 'devices', pk, prefix, limit: TRANSACTION_LIMIT, consistency: 'strong' });
    if (rows.length === 0) return;
    await table.transact(
      rows.map((row) => ({ op: 'delete', key: { table: 'devices', pk, sk: row.sk } satisfies Key })),
    );
  }
}
