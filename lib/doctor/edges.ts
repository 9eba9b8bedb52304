import { randomUUID } from 'node:crypto';
import { PingRequest, PingResponse } from '../documents/ping.ts';
import type { SyncRequest } from '../documents/sync.ts';
import { decode, encode } from '../wbxml/index.ts';
import { phoneOf } from './account.ts';
import { orStill } from './ping.ts';
import { answeredBy, cutAdvice, refusal } from './refusal.ts';
import { type Said, Trouble, type Visit } from './types.ts';

/**
 * The query of Windows Mail and Windows Phone (MS-ASHTTP 2.2.1.1.1.1). A heartbeat of one second is out of bounds, so
 * the server has nothing to hold: 1 and 5 both show that it could read the query.
 */
export async function base64Ping(visit: Visit): Promise<Said> {
  const { client } = visit.phone;
  const twin = phoneOf(visit, { version: client.version, query: 'base64' }).client;
  twin.policyKey = client.policyKey;
  const Folder = [{ Id: visit.inbox!.id, Class: 'Email' }];
  const body = encode(PingRequest, { HeartbeatInterval: 1, Folders: { Folder } }, client.version);
  const answer = await twin.raw('Ping', body);
  const advice = 'a proxy or a firewall changes queries that have no "=": forward them byte for byte';
  if (answer.status !== 200) {
    const { message, advice: known } = refusal('base64 query', answer);
    throw new Trouble(message, answer.status === 400 ? advice : known);
  }
  const { Status } = decode(PingResponse, answer.body, client.version);
  if (Status === 1 || Status === 2 || Status === 5) return { detail: `understood, status ${Status}` };
  throw new Trouble(`base64 query: status ${Status}`, advice);
}

const LARGE_BYTES = 1_048_576;

/** A message without a recipient: large as a photograph, and nothing is sent. */
export async function largeBody(visit: Visit): Promise<Said> {
  const { client } = visit.phone;
  const size = `${(LARGE_BYTES / 1e6).toFixed(1)} MB`;
  const asked = visit.commands.has('SendMail')
    ? client.compose('SendMail', { mime: Buffer.alloc(LARGE_BYTES, 'Subject: nobody\r\n'), ClientId: randomUUID() })
    : client.raw('Sync', Buffer.alloc(LARGE_BYTES));
  const answer = await asked.catch((error: NodeJS.ErrnoException) => {
    const message = `${size} were cut off (${error.code ?? error.message})`;
    throw new Trouble(message, 'a proxy or firewall ends large requests: raise its limits of size and of time', error);
  });
  const { status } = answer;
  if (status === 413 || status >= 502 || status === 403) throw refusal(size, answer);
  return { detail: `${size} came through (HTTP ${status})` };
}

/** Outlook hangs on Sync instead of Ping: `Wait` in minutes (MS-ASCMD 2.2.3.193). */
export async function hangingSync(visit: Visit): Promise<Said> {
  const { phone, inbox, clock, syncHoldS } = visit;
  const { client } = phone;
  const stop = new AbortController();
  const collection = { SyncKey: inbox!.syncKey, CollectionId: inbox!.id, GetChanges: true };
  const value = { Collections: { Collection: [collection] }, Wait: 1 } as SyncRequest;
  const started = clock.now();
  const asked = client.sync(value, stop.signal);
  asked.catch(() => {});
  try {
    const answer = await orStill(clock, syncHoldS * 1000, asked);
    if (!answer) return { detail: `held for ${syncHoldS} s, still waiting` };
    const seconds = (clock.now() - started) / 1000;
    if (answer.status >= 502) throw new Trouble(`HTTP ${answer.status}${answeredBy(answer)}`, cutAdvice(seconds));
    if (answer.status !== 200) throw refusal('Sync', answer);
    const { document } = answer;
    const status = document?.Status ?? document?.Collections?.Collection?.[0]?.Status;
    const detail = `answered after ${seconds.toFixed(1)} s${status === undefined ? '' : `, status ${status}`}`;
    return { outcome: 'warning', detail, advice: 'Outlook, which waits in Sync, asks again and again' };
  } catch (error) {
    if (error instanceof Trouble) throw error;
    const seconds = (clock.now() - started) / 1000;
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new Trouble(`cut after ${seconds.toFixed(1)} s (${code})`, cutAdvice(seconds), error);
  } finally {
    stop.abort();
  }
}
