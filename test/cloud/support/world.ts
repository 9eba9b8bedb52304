/** A deployed system with a mailbox, a phone and a task: what most tests of it begin with. */
import type { Phone } from '../../../lib/client/phone.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import { ADDRESS, type Cloud, type CloudOptions, PASSWORD, startCloud, until } from './cloud.ts';
import { message } from './messages.ts';
import { waitersOf } from './waiters.ts';

export class World {
  readonly cloud: Cloud;
  readonly mailbox: MailboxId;
  readonly phone: Phone;
  #count = 0;
  /** Requests that were seen: rows that a dead process left may still be there. */
  #known = new Set<string>();

  private constructor(cloud: Cloud, mailbox: MailboxId) {
    this.cloud = cloud;
    this.mailbox = mailbox;
    this.phone = cloud.phone('phone1');
  }

  static async start(options: CloudOptions = {}): Promise<World> {
    const cloud = await startCloud({ ...options, over: { drainSeconds: '4', ...options.over } });
    const { id } = await cloud.accounts.create({ address: ADDRESS, name: 'Kim', password: PASSWORD });
    await cloud.addHolder();
    const world = new World(cloud, id);
    await world.begin(world.phone);
    return world;
  }

  stop(): Promise<void> {
    return this.cloud.stop();
  }

  /** Ends every fault, and lets the phone have what is there. */
  async calm(): Promise<void> {
    const { tables, wire, source, balancer } = this.cloud;
    for (const proxy of Object.values(tables)) proxy.behave = () => 'pass';
    wire.calm();
    Object.assign(source, { twice: false, shuffleMs: 0 });
    balancer.lose = 0;
    await this.phone.drain(this.phone.inbox);
  }

  async begin(phone: Phone): Promise<void> {
    await phone.start();
    await phone.drain(phone.inbox);
  }

  async another(device: string): Promise<Phone> {
    const phone = this.cloud.phone(device);
    await this.begin(phone);
    return phone;
  }

  ping(phone = this.phone) {
    return phone.ping([phone.inbox]);
  }

  /** Until so many more requests are registered than there were. */
  async held(count: number, mailbox = this.mailbox): Promise<void> {
    let rows = await waitersOf(this.cloud.store, mailbox);
    await until(async () => {
      rows = await waitersOf(this.cloud.store, mailbox);
      return rows.filter(({ request }) => !this.#known.has(request)).length === count;
    }, 20_000);
    for (const { request } of rows) this.#known.add(request);
  }

  /** Mail from outside; resolves to its subject. */
  async deliver(to = ADDRESS, subject = `message ${++this.#count}`, text = ''): Promise<string> {
    await this.cloud.receive(`${++this.#count}`, message(to, subject) + text, { to: [to] });
    return subject;
  }

  /** The same message as an earlier one, as a queue that delivers at least once may bring it. */
  async again(subject: string): Promise<void> {
    await this.cloud.receive(`again-${++this.#count}`, message(ADDRESS, subject), { to: [ADDRESS] });
  }

  /** What is in the mailbox by now. */
  get deliveries(): number {
    return (this.cloud.lambdas.ingest.output().match(/"delivered"/g) ?? []).length;
  }

  /** The same, once it is in the mailbox. */
  async delivered(to = ADDRESS, ...what: readonly string[]): Promise<string> {
    const before = this.deliveries;
    const subject = await this.deliver(to, ...what);
    await until(() => this.deliveries > before, 20_000);
    return subject;
  }

  /** Subjects that a Sync brings. */
  async arrivals(phone = this.phone): Promise<(string | undefined)[]> {
    const { added } = await phone.drain(phone.inbox);
    return added.map((id) => phone.inbox.items.get(id)?.Subject);
  }
}

/** HTTP status and document of a Ping that was told. */
export const told = ({ inbox }: Phone) => [200, { Status: 2, Folders: { Folder: [inbox.id] } }];
export const outcome = ({ status, document }: { readonly status: number; readonly document?: unknown }) => [
  status,
  document,
];
