import { describe, expect, it, onTestFinished } from 'vitest';
import { type Running, start } from '../../lib/embedded/start.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { temporaryFolder } from '../support/make-store.ts';
import { startServer } from './harness.ts';
import { storeInput } from './mode.ts';
import { until } from './shared.ts';

const untilHeld = ({ holder }: Pick<Running, 'holder'>, count: number) => until(() => holder.held === count);

/** Two servers on one data folder, as two processes of one machine are: nothing but the store knows both. */
async function twoServers() {
  const dataDir = await temporaryFolder();
  const here = await startServer({ dataDir });
  const input = await storeInput({ host: '127.0.0.1', port: 0, smtpPort: 0, dataDir });
  const there = await start(input, { log: silentLog });
  onTestFinished(() => there.close());
  return { here, there };
}

describe('two servers on one data folder', () => {
  it('end the older Ping of a device that comes to the other one, and no other', async () => {
    const { here, there } = await twoServers();
    const phone = here.phone({ deviceId: 'ROAMING1' });
    const tablet = here.phone({ deviceId: 'TABLET01' });
    for (const each of [phone, tablet]) {
      await each.start();
      await each.drain(each.inbox);
    }
    const older = phone.ping([phone.inbox]);
    const bystander = tablet.ping([tablet.inbox]);
    await untilHeld(here, 2);

    const moved = here.phone({ deviceId: 'ROAMING1', url: there.url });
    for (const [id, folder] of phone.folders) moved.folders.set(id, folder);
    const newer = moved.ping([moved.inbox]);
    expect((await older).document).toEqual({ Status: 1 });
    await untilHeld(here, 1);
    await untilHeld(there, 1);

    await here.send({ subject: 'For both' });
    expect((await newer).document?.Status).toBe(2);
    expect((await bystander).document?.Status).toBe(2);
  });

  it('leave nothing behind that keeps a later one waiting when one of them is closed', async () => {
    const { here, there } = await twoServers();
    const phone = here.phone({ deviceId: 'ROAMING1' });
    await phone.start();
    await phone.drain(phone.inbox);
    const older = phone.ping([phone.inbox]);
    await untilHeld(here, 1);
    await there.close();
    const newer = phone.ping([phone.inbox]);
    expect((await older).document).toEqual({ Status: 1 });
    await untilHeld(here, 1);
    await here.send({ subject: 'Still here' });
    expect((await newer).document?.Status).toBe(2);
  });
});
