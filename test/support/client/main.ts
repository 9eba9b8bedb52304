/**
 * A small EAS client for the terminal: sets itself up as a phone does, shows the inbox, then holds a Ping and shows
 * every message that arrives.
 *
 *   npm run -s client -- --url http://127.0.0.1:8080 --user demo@localhost --password ...
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Email } from '../../../lib/documents/items/email.ts';
import { parseVersion } from '../../../lib/protocol/versions.ts';
import { Phone, type PhoneFolder } from './phone.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    user: { type: 'string', default: 'demo@localhost' },
    password: { type: 'string' },
    version: { type: 'string', default: '16.1' },
    device: { type: 'string', default: 'DPCLIENT00000001' },
    query: { type: 'string', default: 'plain' },
    heartbeat: { type: 'string', default: '480' },
    ca: { type: 'string' },
    /** End after this many messages arrived while waiting; 0 never waits. */
    wait: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help || !values.password) {
  console.log(`A small Exchange ActiveSync client.

  --url URL          server (default http://127.0.0.1:8080)
  --user LOGIN       address or login (default demo@localhost)
  --password SECRET  its password
  --version V        2.5, 12.0, 12.1, 14.0, 14.1, 16.0 or 16.1 (default 16.1)
  --device ID        DeviceId (default DPCLIENT00000001)
  --query KIND       plain or base64 (default plain)
  --heartbeat S      seconds that a Ping may be held (default 480)
  --wait N           end after N messages have arrived; 0 only shows the inbox (default: never end)
  --ca FILE          trust this certificate authority (PEM)`);
  process.exit(values.help ? 0 : 2);
}

const version = parseVersion(values.version);
if (!version) {
  console.error(`${values.version} is not a version of the protocol.`);
  process.exit(2);
}

const phone = new Phone({
  url: values.url,
  user: values.user,
  password: values.password,
  version,
  deviceId: values.device,
  query: values.query === 'base64' ? 'base64' : 'plain',
  ca: values.ca ? readFileSync(values.ca, 'utf8') : undefined,
});
phone.collectionOptions = {
  WindowSize: 100,
  Options: [{ FilterType: 0, BodyPreference: [{ Type: 1, TruncationSize: 200 }] }],
};

const time = () => new Date().toISOString().slice(11, 23);
const say = (text: string) => console.log(`${time()}  ${text}`);

function show(folder: PhoneFolder, ids: readonly string[]): void {
  for (const id of ids) {
    const mail = folder.items.get(id) as Email;
    say(`  ${mail.Read ? ' ' : '*'} ${(mail.From ?? '').slice(0, 40).padEnd(40)} ${mail.Subject ?? ''}`);
    const text = mail.Body?.Data ?? mail.LegacyBody;
    if (typeof text === 'string' && text.trim() !== '') {
      say(`      ${text.trim().replaceAll(/\s+/g, ' ').slice(0, 100)}`);
    }
  }
}

/** Ping and Sync in turn, as direct push means it. Ends after `limit` arrivals. */
async function wait(inbox: PhoneFolder, limit: number): Promise<void> {
  for (let seen = 0; seen < limit; ) {
    const asked = performance.now();
    const { document, status } = await phone.ping([inbox], Number(values.heartbeat));
    const held = ((performance.now() - asked) / 1000).toFixed(1);
    if (!document) throw new Error(`Ping: HTTP ${status}`);
    say(`Ping answered ${document.Status} after ${held} s`);
    if (document.Status === 2) {
      const { added } = await phone.drain(inbox);
      show(inbox, added);
      seen += added.length;
    } else if (document.Status === 7) {
      await phone.syncFolders();
    } else if (document.Status !== 1) {
      throw new Error(`Ping: status ${document.Status}`);
    }
  }
}

try {
  const { headers, status } = await phone.client.discover();
  if (status !== 200) throw new Error(`OPTIONS: HTTP ${status}`);
  say(`server speaks ${headers['ms-asprotocolversions']}; commands ${headers['ms-asprotocolcommands']}`);
  await phone.start();
  say(`folders: ${[...phone.folders.values()].map(({ name }) => name).join(', ')}`);
  const { added } = await phone.drain(phone.inbox);
  say(`inbox: ${added.length} messages`);
  show(phone.inbox, added.slice(0, 20));
  const limit = values.wait === undefined ? Number.POSITIVE_INFINITY : Number(values.wait);
  if (limit > 0) say('waiting for mail; Ctrl-C ends');
  await wait(phone.inbox, limit);
} catch (error) {
  console.error(`${time()}  ${(error as Error).message}`);
  process.exit(1);
}
