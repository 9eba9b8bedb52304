/** Two phones and a mailbox (`test/support/sync-simulation.ts`), on bad networks, over a bad store, under a server that dies. */
import fc from 'fast-check';
import { describe, test } from 'vitest';
import type { Table } from '../../lib/store/ports.ts';
import { Disasters, MortalTable } from '../support/disasters.ts';
import { writable } from '../support/sync-phone.ts';
import { disaster, run, type Step, step } from '../support/sync-simulation.ts';
import { openSyncWorld } from '../support/sync-world.ts';
import { CALM, type Misfortune, UnsteadyTable } from '../support/unsteady-table.ts';

/** Counter-examples that were found, in the order of their finding. */
const PAST: readonly (readonly Step[])[] = [
  // An Add whose answer was lost and that the user gave up must come to the phone by the pages.
  [
    { do: 'sync', phone: 0, fate: 'arrives', window: undefined, changes: true },
    { do: 'deliver', days: 0, count: 1 },
    { do: 'write', phone: 0, pick: 0 },
    { do: 'sync', phone: 0, fate: 'given up', window: undefined, changes: true },
  ],
  // An Add with the repetition of a key lies behind the interval that is told again.
  [
    { do: 'deliver', days: 0, count: 1 },
    { do: 'sync', phone: 1, fate: 'arrives', window: undefined, changes: true },
    { do: 'sync', phone: 1, fate: 'lost', window: undefined, changes: true },
    { do: 'flag', pick: 0 },
    { do: 'write', phone: 1, pick: 0 },
    { do: 'deliver', days: 0, count: 1 },
  ],
  // What a phone added itself may be changed by others before the pages come to it.
  [
    { do: 'write', phone: 1, pick: 0 },
    { do: 'sync', phone: 1, fate: 'arrives', window: undefined, changes: true },
    { do: 'sync', phone: 0, fate: 'arrives', window: undefined, changes: true },
    { do: 'sync', phone: 1, fate: 'arrives', window: undefined, changes: false },
    { do: 'flag', pick: 0 },
  ],
  // What was to leave the filter is deleted before the lost answer is told again.
  [
    { do: 'deliver', days: 6, count: 1 },
    { do: 'sync', phone: 0, fate: 'arrives', window: undefined, changes: true },
    { do: 'sync', phone: 0, fate: 'arrives', window: undefined, changes: true },
    { do: 'filter', phone: 0, type: 2 },
    { do: 'sync', phone: 0, fate: 'lost', window: undefined, changes: true },
    { do: 'remove', pick: 0 },
  ],
  // What arrives outside of a filter while the window has no room to narrow down is not there when it is widened again.
  [
    { do: 'sync', phone: 1, fate: 'arrives', window: undefined, changes: true },
    { do: 'sync', phone: 1, fate: 'arrives', window: undefined, changes: true },
    { do: 'deliver', days: 2, count: 1 },
    { do: 'filter', phone: 1, type: 1 },
    { do: 'deliver', days: 0, count: 1 },
    { do: 'sync', phone: 1, fate: 'arrives', window: 1, changes: true },
    { do: 'filter', phone: 1, type: 0 },
  ],
  // A repetition without GetChanges takes the interval back, and its snapshot with it.
  [
    { do: 'sync', phone: 0, fate: 'arrives', window: undefined, changes: true },
    { do: 'write', phone: 0, pick: 0 },
    { do: 'sync', phone: 0, fate: 'lost', window: undefined, changes: true },
    { do: 'sync', phone: 0, fate: 'given up', window: undefined, changes: false },
    { do: 'deliver', days: 0, count: 2 },
  ],
];

describe('two phones and a mailbox', () => {
  test(
    'agree when all is quiet',
    async () => {
      const base = await openSyncWorld({ email: writable });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) =>
          run(await base.fresh(), steps),
        ),
        { numRuns: RUNS, examples: PAST.map((steps) => [steps]) },
      );
    },
    TIMEOUT,
  );

  test(
    'agree although transactions conflict, answers are lost and reads see parts of them',
    async () => {
      let unsteady: UnsteadyTable | undefined;
      let seed = 1;
      const random = () => {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
        return (seed >>> 8) / 0x100_0000;
      };
      const wrap = (table: Table) => {
        unsteady = new UnsteadyTable(table, random, CALM);
        return unsteady;
      };
      const base = await openSyncWorld({ email: writable, wrap });
      const script = fc.record({
        start: fc.integer({ min: 1 }),
        steps: fc.array(step, { minLength: 5, maxLength: 30 }),
      });
      const property = fc.asyncProperty(script, async ({ start, steps }) => {
        unsteady!.misfortune = CALM;
        const world = await base.fresh();
        seed = start;
        unsteady!.misfortune = BAD_DAY;
        const calm = async () => {
          unsteady!.misfortune = CALM;
          for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
          // An item that was not to be seen once may be passed over for some seconds.
          await world.clock.advance(10_000);
        };
        await run(world, steps, { calm });
      });
      await fc.assert(property, { numRuns: RUNS });
    },
    TIMEOUT,
  );

  test(
    'agree although the server dies between any two operations, is restored, and its clock jumps',
    async () => {
      let mortal: MortalTable | undefined;
      const wrap = (table: Table) => {
        mortal = new MortalTable(table);
        return mortal;
      };
      const base = await openSyncWorld({ email: writable, wrap });
      const property = fc.asyncProperty(fc.array(disaster, { minLength: 5, maxLength: 40 }), async (steps) => {
        const disasters = new Disasters(await base.fresh(), mortal!);
        await run(disasters.world, steps, { disasters });
      });
      await fc.assert(property, { numRuns: RUNS });
    },
    TIMEOUT,
  );
});

const RUNS = Number(process.env.SIMULATION_RUNS ?? 60);
const TIMEOUT = 60_000 + RUNS * 1000;
const BAD_DAY: Misfortune = { conflict: 0.1, lostAfter: 0.1, lostBefore: 0.05, late: 0.4, delay: 3 };
