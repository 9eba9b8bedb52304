import type { EasResponse } from '../../../lib/http/types.ts';
import type { DeviceId, FolderId, MailboxId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { createHolder } from '../../../lib/push/hold.ts';
import type { HoldOptions } from '../../../lib/push/options.ts';
import type { Holder, HoldSpec, Outcome, Sight, Wake } from '../../../lib/push/types.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { createInProcessTransport, type InProcessTransport } from '../../support/in-process-transport.ts';
import { MemoryTable } from '../../support/memory-table.ts';

export const mailbox = 'anna' as MailboxId;
export const device = 'phone1' as DeviceId;
export const inbox = 'inbox' as FolderId;
export const calendar = 'calendar' as FolderId;
export const NOTHING: Sight = { now: [], later: [], hierarchy: false };

/** A request as a test sees it: what it was answered, and how often anyone looked. */
export interface Probe {
  readonly spec: HoldSpec<Outcome>;
  /** What the next look finds. */
  sight: Sight;
  /** Set: looks reject. */
  trouble: boolean;
  looks: number;
  readonly outcomes: Outcome[];
  readonly responses: EasResponse[];
  answeredAt: number | undefined;
  abandon(): void;
}

export interface ProbeOptions {
  readonly device?: DeviceId;
  readonly mailbox?: MailboxId;
  readonly folders?: readonly FolderId[];
  readonly kind?: 'ping' | 'sync';
  readonly heartbeatMs?: number;
  readonly sight?: Sight;
  readonly trouble?: boolean;
}

export class World {
  readonly clock: FakeClock;
  readonly table: MemoryTable;
  readonly transport: InProcessTransport;
  readonly holder: Holder;
  readonly task: string;

  constructor(options: Partial<HoldOptions> = {}, shared?: World, task = 'task1', epoch = `${task}-boot1`) {
    this.clock = shared?.clock ?? new FakeClock();
    this.table = shared?.table ?? new MemoryTable();
    this.transport = shared?.transport ?? createInProcessTransport();
    this.task = task;
    const { clock, table, transport } = this;
    this.holder = createHolder({
      table,
      clock,
      log: silentLog,
      task,
      epoch,
      transport,
      options,
      random: () => 0.5,
    });
    this.transport.attach(task, (message) => this.holder.receive(message));
  }

  hold(options: ProbeOptions = {}): Probe {
    const { clock } = this;
    const probe: Probe = {
      sight: options.sight ?? NOTHING,
      trouble: options.trouble ?? false,
      looks: 0,
      outcomes: [],
      responses: [],
      answeredAt: undefined,
      abandon: () => held.abandon(),
      spec: {
        kind: options.kind ?? 'ping',
        mailbox: options.mailbox ?? mailbox,
        device: options.device ?? device,
        deadline: clock.now() + (options.heartbeatMs ?? 600_000),
        folders: options.folders ?? [inbox],
        async look() {
          probe.looks++;
          if (probe.trouble) throw new Error('the store is away');
          return probe.sight;
        },
        answer(outcome) {
          probe.outcomes.push(outcome);
          probe.answeredAt = clock.now();
          return outcome;
        },
      },
    };
    const held = this.holder.hold(probe.spec, encodeOutcome);
    held.complete((response) => probe.responses.push(response));
    return probe;
  }

  /** Held, registered and looked at. */
  async waiting(options: ProbeOptions = {}): Promise<Probe> {
    const probe = this.hold(options);
    await settle();
    return probe;
  }

  async wake(wake: Partial<Wake> = {}): Promise<void> {
    this.holder.wake([{ mailbox, folder: inbox, ...wake }]);
    await settle();
  }
}

export const encodeOutcome = (outcome: Outcome): EasResponse => ({
  status: 200,
  headers: { kind: outcome.kind },
  body: new Uint8Array(0),
});
export const added = (seq: number): Partial<Wake> => ({ seq, added: seq });
export const found = (...folders: FolderId[]): Sight => ({ now: folders, later: [], hierarchy: false });
export const later = (...folders: FolderId[]): Sight => ({ now: [], later: folders, hierarchy: false });
