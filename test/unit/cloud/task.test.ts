import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { noInlet } from '../../../lib/cloud/inlet.ts';
import { startTask, TASK_CONFIG } from '../../../lib/cloud/task.ts';
import { openDomain } from '../../../lib/embedded/domain.ts';
import { readOptions } from '../../../lib/embedded/options.ts';
import { FolderType, ROOT } from '../../../lib/mailbox/types.ts';
import { CLOUD_ENV, type CloudEnvName } from '../../../lib/ops/cloud-env.ts';
import { readConfig } from '../../../lib/ops/config.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { noMetrics } from '../../../lib/ops/metrics.ts';
import { keys } from '../../../lib/store/schema.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { temporaryFolder } from '../../support/stores.ts';

const SETTINGS: Partial<Record<CloudEnvName, string>> = {
  ...{ service: 'test', hostName: 'eas.acme.test', mailDomains: 'acme.test', outbound: 'none', wakeTransport: 'none' },
  ...{ mailboxesTable: 'm', devicesTable: 'd', directoryTable: 'n', blobBucket: 'b' },
};
const environment = Object.fromEntries(
  Object.entries(SETTINGS).map(([name, value]) => [CLOUD_ENV[name as CloudEnvName], value]),
);

test('a task tidies up after deletions, until it stops', async () => {
  const clock = new FakeClock();
  const dataDir = await temporaryFolder();
  const domain = await openDomain(readOptions({ dataDir }), clock, silentLog);
  const task = await startTask(
    { ...readConfig(TASK_CONFIG, environment), port: 0 },
    {
      ...{ clock, log: silentLog, metrics: noMetrics, inlet: noInlet, host: '127.0.0.1' },
      identity: { task: 'task1', address: undefined },
      open: async (over) => {
        over(domain.store.table);
        return domain;
      },
    },
  );
  const { id } = await domain.accounts.create({ address: 'kim@acme.test' });
  const mailbox = domain.mailboxes.open(id);
  const { id: gone } = await mailbox.createFolder({ name: 'Gone', parent: ROOT, type: FolderType.UserMail });
  await mailbox.deleteFolder(gone);
  const there = async () => (await domain.store.table.get(keys.folder(id, gone))) !== undefined;
  expect(await there()).toBe(true);
  for (let tries = 0; tries < 1000 && (await there()); tries++) await clock.advance(1000);
  expect(await there()).toBe(false);
  await task.stop();
  expect(clock.pending).toBe(0);
  await rm(dataDir, { recursive: true });
});
