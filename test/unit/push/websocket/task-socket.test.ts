import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../../lib/ops/log.ts';
import { packMessage } from '../../../../lib/push/task-message.ts';
import type { TaskMessage } from '../../../../lib/push/types.ts';
import { TaskSocket, type TaskSocketOptions, type Wire } from '../../../../lib/push/websocket/task-socket.ts';
import { FakeClock, settle } from '../../../support/fake-clock.ts';

const MINUTE = 60_000;

/** A connection whose other end is the test. */
class FakeWire implements Wire {
  on: Parameters<Wire['listen']>[0] | undefined;
  open = true;
  pings = 0;
  /** Answers pings, as a living peer does. */
  answers = true;
  listen(on: Parameters<Wire['listen']>[0]): void {
    this.on = on;
  }
  ping(): void {
    this.pings++;
    if (this.answers) this.on?.pong();
  }
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.on?.close();
  }
  says(message: TaskMessage): void {
    for (const piece of packMessage(message, 32_768)) this.on?.message(Buffer.from(piece).toString());
  }
}

function setup(options: Partial<TaskSocketOptions> = {}) {
  const clock = new FakeClock();
  const wires: FakeWire[] = [];
  const got: TaskMessage[] = [];
  const network = { up: true, rechecks: 0, attempts: 0 };
  const socket = new TaskSocket({
    clock,
    log: silentLog,
    random: () => 0.5,
    options,
    dial: async () => {
      network.attempts++;
      if (!network.up) throw new Error('no way');
      const wire = new FakeWire();
      wires.push(wire);
      return wire;
    },
    receive: (message) => got.push(message),
    recheck: () => {
      network.rechecks++;
    },
  });
  const open = () => wires.filter((wire) => wire.open);
  return { clock, wires, got, network, socket, open };
}

const message = (mailbox: string) => ({ wakes: [{ mailbox }], supersedes: [] }) as unknown as TaskMessage;

describe("a task's socket", () => {
  it('hands on what it hears, and nothing that is no message', async () => {
    const { socket, wires, got } = setup();
    await socket.start();
    wires[0]!.says(message('m1'));
    wires[0]!.on!.message('{"message":"Internal server error"}');
    expect(got).toEqual([message('m1')]);
    expect(socket.connected).toBe(true);
  });

  it('is swapped before two hours, hears both ends meanwhile, and rechecks nothing', async () => {
    const { clock, socket, wires, got, network, open } = setup();
    await socket.start();
    await clock.advance(107 * MINUTE);
    expect(wires).toHaveLength(1);
    await clock.advance(16_000);
    expect(open()).toHaveLength(2);
    wires[0]!.says(message('by the old one'));
    wires[1]!.says(message('by the new one'));
    await clock.advance(10_000);
    expect(wires.map((wire) => wire.open)).toEqual([false, true]);
    expect(got).toEqual([message('by the old one'), message('by the new one')]);
    await clock.advance(24 * 60 * MINUTE);
    expect(open()).toHaveLength(1);
    expect(network.rechecks).toBe(0);
    expect(wires.length).toBeGreaterThan(12);
  });

  it('is swapped at other times by other tasks', async () => {
    const times = new Set<number>();
    for (const random of [0, 0.3, 0.99]) {
      const clock = new FakeClock();
      const start = clock.now();
      let dials = 0;
      const dial = async () => {
        if (++dials === 2) times.add(clock.now() - start);
        return new FakeWire();
      };
      const socket = new TaskSocket({ clock, log: silentLog, dial, random: () => random, receive() {}, recheck() {} });
      await socket.start();
      await clock.advance(111 * MINUTE);
      socket.stop();
    }
    expect(times.size).toBe(3);
    for (const ms of times) expect(ms).toBeLessThanOrEqual(110 * MINUTE);
  });

  it('keeps the old connection where the swap fails, and tries again', async () => {
    const { clock, socket, network, open, wires } = setup();
    await socket.start();
    network.up = false;
    await clock.advance(112 * MINUTE);
    expect(open()).toHaveLength(1);
    expect(socket.connected).toBe(true);
    network.up = true;
    await clock.advance(MINUTE);
    expect(wires[1]?.open).toBe(true);
    expect(network.rechecks).toBe(0);
  });

  it('comes back at once when the connection is cut, and rechecks what is held', async () => {
    const { clock, socket, wires, network } = setup();
    await socket.start();
    wires[0]!.close();
    await settle();
    expect(socket.connected).toBe(true);
    expect(network.rechecks).toBe(1);
    await clock.advance(0);
    expect(wires).toHaveLength(2);
  });

  it('tries ever more rarely while there is no way, at most every half minute', async () => {
    const { clock, socket, network, wires } = setup();
    await socket.start();
    network.up = false;
    wires[0]!.close();
    await clock.advance(30_000);
    const early = network.attempts;
    expect(early).toBeGreaterThan(5);
    await clock.advance(10 * MINUTE);
    expect(network.attempts - early).toBeLessThanOrEqual(600 / 22);
    expect(network.attempts - early).toBeGreaterThan(15);
    network.up = true;
    await clock.advance(30_000);
    expect(socket.connected).toBe(true);
    expect(network.rechecks).toBe(1);
  });

  it('needs no first connection to start, and then rechecks nothing', async () => {
    const { clock, socket, network } = setup();
    network.up = false;
    await socket.start();
    expect(socket.connected).toBe(false);
    network.up = true;
    await clock.advance(1000);
    expect(socket.connected).toBe(true);
    expect(network.rechecks).toBe(0);
  });

  it('pings every five minutes, so that no gateway calls it idle', async () => {
    const { clock, socket, wires } = setup();
    await socket.start();
    await clock.advance(31 * MINUTE);
    expect(wires[0]!.pings).toBe(6);
  });

  it('takes a peer that does not answer pings for dead', async () => {
    const { clock, socket, wires, network } = setup();
    await socket.start();
    wires[0]!.answers = false;
    await clock.advance(5 * MINUTE + 29_000);
    expect(wires[0]!.open).toBe(true);
    await clock.advance(2000);
    expect(wires[0]!.open).toBe(false);
    expect(socket.connected).toBe(true);
    expect(network.rechecks).toBe(1);
  });

  it('takes any word for an answer to a ping', async () => {
    const { clock, socket, wires, network } = setup();
    await socket.start();
    wires[0]!.answers = false;
    await clock.advance(5 * MINUTE + 10_000);
    wires[0]!.on!.message('{"message":"Forbidden"}');
    await clock.advance(MINUTE);
    expect(wires[0]!.open).toBe(true);
    expect(network.rechecks).toBe(0);
  });

  it('does nothing more once it is stopped, also with a connection on its way', async () => {
    const { clock, socket, wires, open } = setup();
    const started = socket.start();
    socket.stop();
    await started;
    expect(open()).toHaveLength(0);
    await clock.advance(24 * 60 * MINUTE);
    expect(wires).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it.each([{ swapMs: Number.NaN }, { pingMs: 0 }, { retryMs: -1 }])('refuses %o', (options) => {
    expect(() => setup(options)).toThrow(RangeError);
  });
});
