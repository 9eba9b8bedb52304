import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/make-store.ts';
import { Shared, until } from './shared.ts';

const PEOPLE = 300;
/** Some milliseconds: a check takes longer than a request, as it does where passwords are worth something. */
const hashCost = { memory: 4096, passes: 1, parallelism: 1 };

it('after a restart 300 people behind one address come back at once, and all are held', {
  timeout: 180_000,
}, async () => {
  const dataDir = await temporaryFolder();
  const before = new Shared();
  await before.start({ dataDir }, { hashCost });
  const people = [];
  for (let count = 0; count < PEOPLE; count++) {
    const person = await before.person();
    const phone = person.phone({ deviceId: `PHONE${count}` });
    await phone.syncFolders();
    await phone.sync(phone.inbox);
    people.push({ person, phone });
  }
  await before.stop();

  const after = new Shared();
  await after.start({ dataDir }, { hashCost });
  const answered: number[] = [];
  const pings = people.map(async ({ person, phone }) => {
    const again = person.phone({ deviceId: phone.client.options.deviceId, url: after.running.url });
    const { status } = await again.ping([phone.inbox], 3540);
    answered.push(status);
  });
  const all = Promise.allSettled(pings);
  await until(() => after.running.holder.held + answered.length >= PEOPLE);
  expect(answered).toEqual([]);
  await after.stop();
  await all;
});
