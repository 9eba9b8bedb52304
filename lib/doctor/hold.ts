import { randomUUID } from 'node:crypto';
import type { SyncRequest } from '../documents/sync.ts';
import { settle } from './account.ts';
import { openPing, orStill } from './ping.ts';
import { type Said, Trouble, type Visit } from './types.ts';

/** A phone asks for no less; servers with a bound of their own name it with status 5. */
const LEAST_HEARTBEAT_S = 60;
const MARGIN_S = 30;
const ARRIVAL_MS = 60_000;

/** Holds a Ping for as long as was asked, and leaves the last one waiting for the delivery. */
export async function hold(visit: Visit): Promise<Said> {
  const said: Said[] = [];
  for (let round = 0; round < visit.repeat; round++) {
    visit.waiting?.abort();
    said.push(await holdOnce(visit));
  }
  const worst = said.find(({ outcome }) => outcome !== undefined) ?? said[0]!;
  return { ...worst, detail: said.map(({ detail }) => detail).join('; ') };
}

async function holdOnce(visit: Visit): Promise<Said> {
  const { holdS, clock, phone, inbox } = visit;
  // Longer than it is waited for, so that the server has no reason to answer.
  let heartbeat = Math.max(LEAST_HEARTBEAT_S, Math.ceil(holdS) + LEAST_HEARTBEAT_S);
  for (let attempt = 0; attempt < 5; attempt++) {
    const ping = openPing(visit, heartbeat);
    // One that is about to end could not be completed by a delivery: its end is waited for.
    const ends = heartbeat < holdS + MARGIN_S;
    const answer = await orStill(clock, (ends ? heartbeat + MARGIN_S : holdS) * 1000, ping.answer);
    if (!answer && ends) {
      ping.abort();
      throw new Trouble(
        `not answered ${MARGIN_S} s after its heartbeat of ${heartbeat} s`,
        'the connection is dead, or the server forgot the Ping',
      );
    }
    if (!answer) {
      visit.waiting = ping;
      return { detail: `held for ${holdS} s, still waiting` };
    }
    if (answer.Status === 1) return ended(answer.seconds, heartbeat, holdS);
    if (answer.Status === 2) await settle(phone, inbox!);
    else if (answer.Status === 7) await phone.syncFolders();
    else if (answer.Status === 5 && answer.HeartbeatInterval) heartbeat = answer.HeartbeatInterval;
    else throw new Trouble(`Ping: status ${answer.Status}`, 'look into the log of the server');
  }
  throw new Trouble('no Ping is held: each is answered at once', 'the Inbox changes all the time; try a quiet account');
}

/** Status 1 before the heartbeat is over: legal, and a battery that is empty sooner. */
function ended(seconds: number, heartbeat: number, holdS: number): Said {
  const detail = `answered by the server after ${seconds.toFixed(1)} s of ${heartbeat} s`;
  if (seconds < heartbeat - 1) {
    return {
      outcome: 'warning',
      detail,
      advice: 'the server ends Pings early: is it being restarted, or is a limit of its own in force?',
    };
  }
  if (heartbeat >= holdS) return { detail };
  return { outcome: 'warning', detail, advice: `the server holds no Ping for longer than ${heartbeat} s` };
}

/** The main job: mail comes, the Ping that waits is answered, the Sync has the message. */
export async function delivery(visit: Visit): Promise<Said> {
  const { phone, inbox, clock } = visit;
  const by = visit.deliver ? 'SMTP' : 'SendMail';
  if (!visit.deliver && !visit.commands.has('SendMail')) {
    visit.waiting?.abort();
    return {
      outcome: 'skipped',
      detail: 'the server offers no SendMail',
      advice: 'name its SMTP server: --smtp HOST:PORT',
    };
  }
  const ping = visit.waiting ?? openPing(visit, 2 * LEAST_HEARTBEAT_S);
  try {
    const subject = `Direct Push doctor ${randomUUID()}`;
    await send(visit, subject);
    const sent = clock.now();
    const answer = await orStill(clock, ARRIVAL_MS, ping.answer);
    if (!answer)
      throw new Trouble(`sent by ${by}, but the Ping was not answered within ${ARRIVAL_MS / 1000} s`, NO_MAIL);
    if (answer.Status !== 2) throw new Trouble(`the Ping was answered with status ${answer.Status}`, NO_MAIL);
    const ms = Math.max(0, clock.now() - sent);
    await settle(phone, inbox!);
    const [id] = [...inbox!.items].find(([, mail]) => mail.Subject === subject) ?? [];
    if (id === undefined) throw new Trouble('the Ping was answered, but the Sync does not have the message', NO_MAIL);
    await remove(visit, id);
    const detail = `by ${by}; the Ping was answered ${ms} ms after the message was taken, the Sync has it`;
    if (ms <= 5_000) return { detail };
    return { outcome: 'slow', detail, advice: 'mail is delivered late, or changes are looked for now and then only' };
  } finally {
    ping.abort();
    visit.waiting = undefined;
  }
}
const NO_MAIL = 'does mail for this address come to this server? See the log of what delivers it';

async function send({ user, deliver, phone, clock }: Visit, subject: string): Promise<void> {
  const raw = [
    `From: ${user}`,
    `To: ${user}`,
    `Subject: ${subject}`,
    `Message-ID: <${randomUUID()}@doctor.invalid>`,
    `Date: ${new Date(clock.now()).toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'Sent to see whether mail is pushed. It is deleted again.',
    '',
  ].join('\r\n');
  if (deliver) {
    await deliver(raw).catch((error: Error) => {
      throw new Trouble(
        `SMTP: ${error.message}`,
        'is the port open, and does the server take mail for this address?',
        error,
      );
    });
    return;
  }
  const { status, document } = await phone.client.compose('SendMail', {
    mime: Buffer.from(raw),
    ClientId: randomUUID(),
  });
  const failed = status !== 200 || document?.Status !== undefined;
  if (failed)
    throw new Trouble(
      `SendMail: HTTP ${status}, status ${document?.Status ?? 'none'}`,
      'name its SMTP server: --smtp HOST:PORT',
    );
}

/** The probe message goes away again; that it could not be deleted says nothing about push. */
async function remove({ phone, inbox }: Visit, ServerId: string): Promise<void> {
  type Collection = NonNullable<SyncRequest['Collections']>['Collection'][number];
  const Commands = [{ tag: 'Delete', value: { ServerId } }] as Collection['Commands'];
  await phone.sync(inbox!, { DeletesAsMoves: false, Commands }).catch(() => {});
}
