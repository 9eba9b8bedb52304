import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, expect } from 'vitest';
import type { EmbeddedInput } from '../../lib/embedded/options.ts';
import { type Running, type StartSettings, start } from '../../lib/embedded/start.ts';
import type { Account } from '../../lib/identity/types.ts';
import { type Cancel, type Clock, systemClock } from '../../lib/ops/clock.ts';
import { silentLog } from '../../lib/ops/log.ts';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import { WbxmlElement, WbxmlWriter } from '../../lib/wbxml/index.ts';
import type { ClientOptions } from '../support/client/client.ts';
import { Phone, type PhoneFolder } from '../support/client/phone.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { temporaryFolder } from '../support/make-store.ts';
import { PASSWORD, schemaErrors } from './harness.ts';
import { frontSettings, storeAnswered, storeInput } from './mode.ts';

/** Real argon2id, but cheap: hundreds of tests log in. */
const HASH_COST = { memory: 64, passes: 1, parallelism: 1 };

export interface Person {
  readonly address: string;
  readonly account: Account;
  /** A phone of this account; every answer that it gets is validated against Microsoft's response schemas. */
  phone(options?: Partial<ClientOptions>): Phone;
  /** Into the Inbox, past SMTP. Gives the subject. */
  mail(subject: string, text?: string): Promise<string>;
  /** Anything, as it came. */
  deliver(raw: Uint8Array | string): Promise<void>;
}

/** One server for all tests of a file. Each test has an account of its own, so that none sees another's mail. */
export class Shared {
  #running: Running | undefined;
  #people = 0;
  readonly #answers: { command: string; version: ProtocolVersion; body: Uint8Array }[] = [];

  get running(): Running {
    if (!this.#running) throw new Error('the server is not started yet');
    return this.#running;
  }

  get port(): number {
    return Number(new URL(this.running.url).port);
  }

  async start(input: EmbeddedInput, settings: StartSettings): Promise<void> {
    const options = { host: '127.0.0.1', port: 0, httpsPort: 0, smtpPort: 0, dataDir: await temporaryFolder() };
    const fixed = { log: silentLog, hashCost: HASH_COST, ...frontSettings(settings) };
    this.#running = await start(await storeInput({ ...options, ...input }), { ...fixed, ...settings });
  }

  async stop(): Promise<void> {
    await this.#running?.close();
    expect(await schemaErrors(this.#answers), 'answers against the response schemas').toEqual([]);
  }

  async person(name = 'person'): Promise<Person> {
    const { url, domain } = this.running;
    const address = `${name}${++this.#people}@example.test`;
    const account = await domain.accounts.create({ address, name: `Person ${this.#people}`, password: PASSWORD });
    const deliver = async (raw: Uint8Array | string) => void (await this.running.deliver(address, raw));
    return {
      address,
      account,
      deliver,
      phone: (options) => {
        const onAnswer: ClientOptions['onAnswer'] = (command, version, body) =>
          void this.#answers.push({ command, version, body });
        const phone = new Phone({ url, user: address, password: PASSWORD, onAnswer, ...options });
        phone.collectionOptions = { Options: [{ BodyPreference: [{ Type: 1 }] }] };
        return phone;
      },
      async mail(subject, text = 'Hello') {
        await deliver(`From: Alex <alex@sender.test>\r\nTo: ${address}\r\nSubject: ${subject}\r\n\r\n${text}\r\n`);
        return subject;
      },
    };
  }

  /** Over SMTP, as another mail server sends it. */
  async smtp(to: string, raw: Uint8Array | string, from = 'alex@sender.test'): Promise<void> {
    const mailer = createTransport({ ...this.running.smtp, secure: false, ignoreTLS: true });
    await mailer.sendMail({ envelope: { from, to }, raw: typeof raw === 'string' ? raw : Buffer.from(raw) });
  }

  /** Resolves when the server holds this many requests; one that is on its way is not held yet. */
  async untilHeld(count: number): Promise<void> {
    await until(() => this.running.holder.held === count);
  }
}

export function sharedServer(input: EmbeddedInput = {}, settings: StartSettings = {}): Shared {
  const shared = new Shared();
  beforeAll(() => shared.start(input, settings), 60_000);
  afterAll(() => shared.stop(), 60_000);
  return shared;
}

/** Never waits by the clock: turns of the event loop until it is so, or until the test's own time is over. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}

/** The clock runs until the answer is there; what it says is then no matter of timing. */
export async function untilAnswered<T>(clock: FakeClock, answer: Promise<T>, stepMs = 1000): Promise<T> {
  let over = false;
  answer.finally(() => (over = true)).catch(() => {});
  await until(async () => {
    await storeAnswered();
    if (!over) await clock.advance(stepMs);
    return over;
  });
  return answer;
}

export const el = WbxmlElement.of;

/** The bytes of a document that no schema would write. */
export function bytesOf(root: WbxmlElement): Uint8Array {
  const writer = new WbxmlWriter();
  const write = (element: WbxmlElement): void => {
    writer.start(element.page, element.token);
    if (typeof element.content === 'string') writer.text(element.content);
    else if (element.content) writer.opaque(element.content);
    for (const child of element.children) write(child);
    writer.end();
  };
  writer.beginDocument();
  write(root);
  return writer.toDocument();
}

/** Everything that a folder has, in the order of its arrival on the phone. */
export const subjects = (folder: PhoneFolder): (string | undefined)[] =>
  [...folder.items.values()].map(({ Subject }) => Subject);

/**
 * A phone with its folder list and an inbox that has been synchronised to the end, and said so: what was returned and
 * not acknowledged may have been lost, and a Ping tells it once more.
 */
export async function ready(person: Person, options: Partial<ClientOptions> = {}): Promise<Phone> {
  const phone = person.phone(options);
  await phone.start();
  const { added } = await phone.drain(phone.inbox);
  if (added.length > 0) await phone.sync(phone.inbox);
  return phone;
}

/** The time of this machine, moved on by leaps: timers run on as they would have. */
export class LeapingClock implements Clock {
  #ahead = 0;

  now(): number {
    return systemClock.now() + this.#ahead;
  }

  after(ms: number, run: () => void): Cancel {
    return systemClock.after(ms, run);
  }

  leap(ms: number): void {
    this.#ahead += ms;
  }
}
