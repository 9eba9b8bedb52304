import type { Mailboxes } from '../mailbox/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { DeviceId, MailboxId } from '../ops/ids.ts';
import { ProtocolFailure } from '../protocol/command.ts';
import {
  type Condition,
  ConditionFailed,
  type Key,
  type Table,
  TRANSACTION_LIMIT,
  type Write,
} from '../store/ports.ts';
import { keys, mailboxPartition } from '../store/schema.ts';
import { accessOf } from './access.ts';
import { accessPatch, noticeOf } from './access-patch.ts';
import { readAccessRules } from './access-rules.ts';
import { DEVICE_PREFIX, deviceOf, devicePatch, holds, markOf } from './device-rows.ts';
import { decideAgain } from './retry.ts';
import type { Device, Devices, Directory } from './types.ts';
import { type AgentLimit, agentChange, checkedAgentLimit } from './user-agents.ts';

export class NoDevice extends Error {
  override readonly name = 'NoDevice';
}

export interface DevicesDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly mailboxes: Pick<Mailboxes, 'open'>;
  /** Partnerships of one mailbox; a further device gets status 177. Default: as many as come. */
  readonly maxDevices?: number;
  /** Whose device it is, for rules of a domain or an account. */
  readonly directory?: Pick<Directory, 'get'>;
  /** Default: a device may change its User-Agent as often as it likes. */
  readonly agents?: AgentLimit;
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
  const agents = deps.agents && checkedAgentLimit(deps.agents);

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
  /** What the rules say of a device as it is about to be. Read only when a device comes or changes, never by the way. */
  async function judged(mailbox: MailboxId, device: Device) {
    const rules = await readAccessRules(table);
    const account = rules.revision === undefined ? undefined : await deps.directory?.get(mailbox);
    return { revision: rules.revision, patch: accessPatch(rules, account, device, clock.now()) };
  }
  /**
   * After a write that rests on rules: whoever changes them writes first and looks for devices afterwards, so either
   * that look finds the device or this one finds the change.
   */
  async function verified(mailbox: MailboxId, written: Device, revision: string | undefined): Promise<Device> {
    let [device, seen] = [written, revision];
    for (;;) {
      const again = await judged(mailbox, device);
      if (again.revision === seen) return device;
      if (again.patch) await patch(mailbox, device.id, again.patch);
      device = { ...device, ...again.patch };
      seen = again.revision;
    }
  }
  /**
   * A place for one more device: the write is to be made with the device's row, and fails when another device was made
   * since the places were counted. @throws ProtocolFailure 177
   */
  async function nextPlace(mailbox: MailboxId, id: DeviceId): Promise<Write> {
    const key = keys.devicesMade(mailbox);
    const made = (await table.get(key, 'strong'))?.n as number | undefined;
    const others = (await rows(mailbox)).filter(({ sk }) => sk !== keys.device(mailbox, id).sk);
    if (others.length >= maxDevices) {
      throw new ProtocolFailure(177, 'the mailbox has as many devices as it may have');
    }
    return made === undefined
      ? { op: 'update', key, set: { n: 1 }, when: { row: 'absent' } }
      : { op: 'update', key, set: { n: made + 1 }, when: { equals: { n: made } } };
  }
  async function make(mailbox: MailboxId, seen: Seen): Promise<Device> {
    const place = Number.isFinite(maxDevices) ? [await nextPlace(mailbox, seen.id)] : [];
    const { pk, sk } = keys.device(mailbox, seen.id);
    const fresh = { id: seen.id, ...attributes(seen), firstSeen: clock.now(), lastSeen: clock.now() };
    const { revision, patch: access } = await judged(mailbox, fresh);
    const { id: _, ...device } = { ...fresh, ...access };
    const { set } = devicePatch(device);
    try {
      const put: Write = { op: 'put', table: 'devices', row: { ...set, pk, sk }, when: { row: 'absent' } };
      await table.transact([put, ...place]);
    } catch (error) {
      // Two first requests at once: the other one made it. Where another device came, there may be no place any more.
      if (!(error instanceof ConditionFailed) || !error.indexes.includes(0)) throw error;
    }
    return verified(mailbox, (await get(mailbox, seen.id)) ?? deviceOf({ ...set, pk, sk }), revision);
  }
  /** @throws ConditionFailed there is no such device */
  async function patch(
    mailbox: MailboxId,
    id: DeviceId,
    change: Partial<Omit<Device, 'id'>>,
    when: Condition = { row: 'present' },
  ): Promise<void> {
    await table.transact([{ op: 'update', key: keys.device(mailbox, id), ...devicePatch(change), when }]);
  }
  async function refresh(mailbox: MailboxId, device: Device, seen: Seen): Promise<Device> {
    const now = clock.now();
    const fresh = attributes(seen);
    const news = different(device, fresh);
    if (Object.keys(news).length === 0 && now - device.lastSeen < HOUR_MS) return device;
    // Somebody decided about it before it came for the first time.
    const first = device.firstSeen === 0 ? { firstSeen: now } : {};
    const agent = agents ? agentChange(device, fresh.userAgent, now, agents) : {};
    const change = { ...news, ...first, ...agent, lastSeen: now };
    const { revision, patch: access } = await judged(mailbox, { ...device, ...change });
    await patch(mailbox, seen.id, { ...change, ...access });
    return verified(mailbox, { ...device, ...change, ...access }, revision);
  }
  /** Held requests rest on what a device may do. */
  async function ended(mailbox: MailboxId, before: Device | undefined, after: Device): Promise<Device> {
    if (accessOf(before ?? {}) !== accessOf(after)) await mailboxes.open(mailbox).raise('policyEpoch');
    return after;
  }
  async function reassessOne(mailbox: MailboxId, device: Device): Promise<Device | undefined> {
    const { patch: access } = await judged(mailbox, device);
    if (!access) return undefined;
    await patch(mailbox, device.id, access);
    return ended(mailbox, device, { ...device, ...access });
  }

  return {
    get,
    list: async (mailbox) => (await rows(mailbox)).map(deviceOf).sort((a, b) => a.firstSeen - b.firstSeen),
    async touch(mailbox, seen) {
      const now = clock.now();
      if (isTestDevice(seen.id)) return { id: seen.id, ...attributes(seen), firstSeen: now, lastSeen: now };
      return decideAgain(clock, async () => {
        const device = await get(mailbox, seen.id);
        return device ? refresh(mailbox, device, seen) : make(mailbox, seen);
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
        // What it tells of itself is what rules look at.
        return ('information' in change && (await reassessOne(mailbox, saved))) || saved;
      });
    },
    async replace(mailbox, was, name, change) {
      const { id, [name]: value } = was;
      return decideAgain(clock, async () => {
        const row = await table.get(keys.device(mailbox, id), 'strong');
        if (!row) throw new NoDevice('no such device');
        const before = deviceOf(row);
        const mark = markOf(name, before[name]);
        // The answer to this very write may have been lost.
        if (mark === markOf(name, change[name])) return { replaced: true, device: before };
        if (!value || mark !== markOf(name, value)) return { replaced: false, device: before };
        await patch(mailbox, id, change, holds(row, name, value));
        return { replaced: true, device: { ...before, ...change } };
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
    async decide(mailbox, id, decided) {
      if (isTestDevice(id)) throw new NoDevice('the device of an account test has no partnership');
      const before = await get(mailbox, id);
      if (decided === undefined && (before?.firstSeen ?? 0) === 0) {
        await table.transact([{ op: 'delete', key: keys.device(mailbox, id) }]);
        return { ...NEVER_SEEN, id };
      }
      const after: Device = { ...(before ?? NEVER_SEEN), id, decided };
      const action = accessOf(after);
      const told = action === accessOf(before ?? {}) ? {} : { notice: noticeOf(action, clock.now()) };
      const lifted = action === 'allow' ? { throttled: undefined, agentChanges: undefined } : {};
      const change = { decided, ...told, ...lifted };
      await decideAgain(clock, () =>
        table.transact([{ op: 'update', key: keys.device(mailbox, id), ...devicePatch(change) }]),
      );
      return ended(mailbox, before, { ...after, ...change });
    },
    async reassess(mailbox) {
      let changed = 0;
      for (const row of await rows(mailbox)) {
        if (await decideAgain(clock, () => reassessOne(mailbox, deviceOf(row)))) changed++;
      }
      return changed;
    },
  };
}

const NEVER_SEEN = { type: '', firstSeen: 0, lastSeen: 0 };

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
