import { describe, expect, test } from 'vitest';
import { acknowledgeWipe, directWipe } from '../../../lib/commands/wipe.ts';
import type { ProvisionRequest, ProvisionResponse } from '../../../lib/documents/provision.ts';
import type { Account, Device } from '../../../lib/identity/types.ts';
import type { DeviceId } from '../../../lib/ops/ids.ts';
import { type LogFields, silentLog } from '../../../lib/ops/log.ts';
import type { CommandContext } from '../../../lib/protocol/command.ts';
import { FakeClock } from '../../support/fake-clock.ts';

type Wipe = NonNullable<Device['wipe']>;
const NOW = 5000;

function device(state: Wipe['state'] | undefined, kind: Wipe['kind'] = 'device') {
  const saved: Partial<Device>[] = [];
  const logged: [string, LogFields | undefined][] = [];
  const wipe: Wipe | undefined = state && { kind, state, at: 1 };
  const context = {
    version: 161,
    account: { id: 'ada' } as Account,
    device: { id: 'phone1' as DeviceId, wipe } as Device,
    clock: new FakeClock(NOW),
    log: { ...silentLog, info: (event: string, fields?: LogFields) => void logged.push([event, fields]) },
  } as unknown as CommandContext;
  const devices = {
    replace: async (_account: unknown, was: Device, _name: unknown, change: Partial<Device>) => {
      saved.push(change);
      return { replaced: true, device: { ...was, ...change } };
    },
  } as never;
  return { devices, context, saved, logged };
}

const Policies = { Policy: [{ PolicyType: 'MS-EAS-Provisioning-WBXML' }] };
const reported = { RemoteWipe: { Status: 1 } };
const DONE = { Status: 1 };

describe('a report of a wipe', () => {
  test.each<
    [string, Wipe['state'] | undefined, ProvisionRequest, ProvisionResponse | undefined, Wipe['state'] | undefined]
  >([
    ['to a device that was told', 'sent', reported, DONE, 'done'],
    ['to a device that was to be told', 'ordered', reported, DONE, 'done'],
    ['after one that failed', 'failed', reported, DONE, 'done'],
    ['that comes again', 'done', reported, DONE, undefined],
    ['of a wipe that nobody ordered', undefined, reported, { Status: 2 }, undefined],
    ['of failure', 'sent', { RemoteWipe: { Status: 2 } }, { Status: 2, RemoteWipe: true }, 'failed'],
    ['by a Status alone', 'sent', { Status: 1 }, DONE, 'done'],
    ['by a Status alone, after one that failed', 'failed', { Status: 1 }, DONE, 'done'],
    ['is none: a Status of a device that was not told', 'ordered', { Status: 1 }, undefined, undefined],
    ['is none: a Status of a device that was not to be wiped', undefined, { Status: 1 }, undefined, undefined],
    ['is none: a Status when all is over', 'done', { Status: 1 }, undefined, undefined],
    ['is none: a Status with a policy', 'sent', { Status: 1, Policies }, undefined, undefined],
    ['is none: nothing', 'sent', {}, undefined, undefined],
  ])('%s', async (_, state, request, answer, becomes) => {
    const { devices, context, saved } = device(state);
    expect(await acknowledgeWipe(devices, context, request)).toEqual(answer);
    const wipe = { kind: 'device', state: becomes, at: NOW };
    expect(saved).toMatchObject(becomes ? [{ wipe }] : []);
    expect(saved.some(({ blocked }) => blocked)).toBe(becomes === 'done');
  });

  test('is written down, with what was reported', async () => {
    const { devices, context, logged } = device('sent', 'account');
    await acknowledgeWipe(devices, context, { AccountOnlyRemoteWipe: { Status: 2 } });
    expect(logged).toEqual([['wipe-reported', { account: 'ada', device: 'phone1', kind: 'account', reported: 2 }]]);
  });
});

describe('the order of a wipe', () => {
  test.each<[Wipe['state'], boolean]>([
    ['ordered', true],
    ['sent', false],
    ['failed', false],
  ])('is noted as sent when it is sent first: %s', async (state, noted) => {
    const { devices, context, saved } = device(state);
    expect(await directWipe(devices, context)).toEqual({ Status: 1, RemoteWipe: true });
    expect(saved).toEqual(noted ? [{ wipe: { kind: 'device', state: 'sent', at: NOW } }] : []);
  });
});
