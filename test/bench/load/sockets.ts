import net from 'node:net';

/** One device of the load: who it is and the bytes of its Ping. */
export interface Pinger {
  readonly id: number;
  readonly request: Buffer;
}

export interface Answered {
  readonly id: number;
  /** CLOCK_MONOTONIC, nanoseconds: comparable between processes of one machine. */
  readonly at: bigint;
  readonly bytes: Buffer;
}

const AGAIN_MS = 1000;

/** Opens sockets and sends prepared requests, a few hundred at a time, and reports each answer's arrival. */
export class SocketLoad {
  readonly #sockets = new Map<number, net.Socket>();
  readonly #port: number;
  readonly #onAnswer: (answer: Answered) => void;
  #closed = false;

  constructor(port: number, onAnswer: (answer: Answered) => void) {
    this.#port = port;
    this.#onAnswer = onAnswer;
  }

  get open(): number {
    return this.#sockets.size;
  }

  async send(pingers: readonly Pinger[], atOnce = 200): Promise<void> {
    for (let from = 0; from < pingers.length; from += atOnce) {
      await Promise.all(pingers.slice(from, from + atOnce).map((pinger) => this.#start(pinger)));
    }
  }

  async #start({ id, request }: Pinger): Promise<void> {
    const known = this.#sockets.get(id);
    if (known) {
      known.write(request);
      return;
    }
    const socket = net.connect(this.#port, '127.0.0.1');
    this.#sockets.set(id, socket);
    let answered = false;
    socket.on('data', (bytes: Buffer) => {
      answered = true;
      this.#onAnswer({ id, at: process.hrtime.bigint(), bytes });
    });
    socket.on('close', () => {
      this.#sockets.delete(id);
      // Nobody took the connection: as phones do, it tries again.
      if (!answered && !this.#closed) setTimeout(() => void this.#start({ id, request }).catch(() => {}), AGAIN_MS);
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.write(request);
        resolve();
      });
    });
  }

  close(): void {
    this.#closed = true;
    for (const socket of this.#sockets.values()) socket.destroy();
  }
}
