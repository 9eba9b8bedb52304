import { Phone } from '../client/phone.ts';
import { exchange } from '../client/transport.ts';
import { parseVersion, SUPPORTED_VERSIONS, versionName } from '../protocol/versions.ts';
import { trusted } from './network.ts';
import { refusal } from './refusal.ts';
import { type Said, Trouble, type Visit } from './types.ts';

/** Always the same one: a visit leaves one partnership with the account, not one for each time. */
const DEVICE = { deviceId: 'DPDOCTOR00000001', deviceType: 'DirectPushDoctor', userAgent: 'DirectPush-Doctor/1.0' };

export function phoneOf({ url, user, password, ca, agent }: Visit, more: object = {}): Phone {
  const phone = new Phone({ url: url.href, user, password, ca: trusted(ca), agent, ...DEVICE, ...more });
  // The mail of a day is enough to see that mail comes.
  phone.collectionOptions = {
    WindowSize: 50,
    Options: [{ FilterType: 1, BodyPreference: [{ Type: 1, TruncationSize: 500 }] }],
  };
  return phone;
}

export async function options(visit: Visit): Promise<Said> {
  const answer = await visit.phone.client.discover();
  if (answer.status !== 200) throw refusal('OPTIONS', answer);
  const list = (header: string) =>
    String(answer.headers[header] ?? '')
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '');
  const versions = list('ms-asprotocolversions');
  if (versions.length === 0) {
    throw new Trouble(
      'the answer names no MS-ASProtocolVersions',
      'something else answers here, or a proxy takes away headers',
    );
  }
  const common = SUPPORTED_VERSIONS.filter((version) => versions.some((each) => parseVersion(each) === version));
  const version = common.at(-1);
  if (version === undefined) throw new Trouble(`versions ${versions.join(', ')}: none that this program speaks`);
  visit.phone = phoneOf(visit, { version });
  visit.commands = new Set(list('ms-asprotocolcommands'));
  const detail = `versions ${versions.join(', ')}; ${visit.commands.size} commands; going on with ${versionName(version)}`;
  const missing = ['Sync', 'FolderSync', 'Ping'].filter((command) => !visit.commands.has(command));
  if (missing.length > 0) throw new Trouble(`${detail}; not offered: ${missing.join(', ')}`, 'no push without them');
  return { detail };
}

const REQUEST_SCHEMA = 'http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006';
const RESPONSE_SCHEMA = 'http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006';

/** MS-ASCMD 2.2.1.1. Without it people type the server's name, so it is never a failure. */
export async function autodiscover(visit: Visit): Promise<Said> {
  const { url, user, password, agent, ca } = visit;
  const address = user.replaceAll(/[<>&]/g, '');
  const answer = await exchange({
    url: new URL('/autodiscover/autodiscover.xml', url),
    headers: {
      Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      'Content-Type': 'text/xml',
    },
    body: Buffer.from(
      `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="${REQUEST_SCHEMA}"><Request><EMailAddress>${address}` +
        `</EMailAddress><AcceptableResponseSchema>${RESPONSE_SCHEMA}</AcceptableResponseSchema></Request></Autodiscover>`,
    ),
    agent,
    ca: trusted(ca),
  });
  const type = 'type the name of the server on the phone, or let /autodiscover/ reach it';
  if (answer.status !== 200) {
    return { outcome: 'warning', detail: refusal('autodiscover.xml', answer).message, advice: type };
  }
  const named = /<Url>([^<]+)<\/Url>/i.exec(answer.body.toString('utf8'))?.[1];
  if (!named) return { outcome: 'warning', detail: 'the answer names no server', advice: type };
  const elsewhere = URL.canParse(named) && new URL(named).host !== url.host;
  const byAddress = await knownByAddress(visit);
  if (!elsewhere) return { detail: `names ${named}; ${byAddress.detail}`, advice: byAddress.advice };
  const advice = 'phones that are set up by address go there, not here: is that meant?';
  return { outcome: 'warning', detail: `names ${named}`, advice };
}

/** Phones ask `autodiscover.<domain>`; only its record is looked at, the password does not go there. */
async function knownByAddress({ user, lookup, url }: Visit): Promise<Pick<Said, 'detail' | 'advice'>> {
  const host = `autodiscover.${user.slice(user.lastIndexOf('@') + 1)}`;
  try {
    return { detail: `${host} is ${(await lookup(host)).join(', ')}` };
  } catch {
    return { detail: `${host} has no record`, advice: `a CNAME to ${url.hostname} spares people typing the server` };
  }
}

export async function provision({ phone }: Visit): Promise<Said> {
  await phone.provision();
  if (phone.client.policyKey === '0') return { detail: 'no policy is demanded' };
  return { detail: 'policy acknowledged in two phases' };
}

export async function folders(visit: Visit): Promise<Said> {
  const { phone } = visit;
  const { Status } = await phone.syncFolders();
  if (Status !== 1) throw new Trouble(`FolderSync: status ${Status}`, statusAdvice(Number(Status)));
  visit.inbox = phone.inbox;
  return { detail: `${phone.folders.size} folders, the Inbox among them` };
}

export async function inbox({ phone, inbox }: Visit): Promise<Said> {
  const count = await settle(phone, inbox!);
  return { detail: `${count} messages of the last day` };
}

/** Reads to the end and says so: what was never acknowledged ends the next Ping at once. */
export async function settle(phone: Phone, folder: Phone['inbox']): Promise<number> {
  for (let count = 0, round = 0; round < 10; round++) {
    const { added, changed, deleted, status } = await phone.drain(folder, 100);
    if (status !== 1) throw new Trouble(`Sync: status ${status}`, statusAdvice(status));
    count += added.length;
    if (added.length + changed.length + deleted.length === 0) return count;
  }
  throw new Trouble('the Inbox never comes to rest', 'something changes it all the time');
}

/** MS-ASCMD 2.2.2. */
function statusAdvice(status: number): string | undefined {
  if (status === 140) return 'a wipe of this device is ordered: remove it in the administration of the server';
  if (status >= 141 && status <= 144)
    return 'the policy was not taken as acknowledged: look into the log of the server';
  if (status === 126 || status === 129) return 'the account or this device must not use ActiveSync: allow it';
  if (status === 177) return 'the account has too many devices: remove some';
  return undefined;
}
