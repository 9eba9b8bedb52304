import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectSecurely } from 'node:tls';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly reason: string;
  /** Names in lower case; a repeated one keeps its last value. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A client that writes exactly the bytes it is told to, and reads answers with a Content-Length. */
export class RawClient {
  readonly socket: Socket;
  /**
   * Leaves out every `100 Continue`: node:http writes that of a request sent ahead into the middle of the answer before
   * it, where no client could read it.
   */
  skipContinue = false;
  #bytes: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};
  #ended = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      if (this.skipContinue) this.#dropContinue();
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#end());
    socket.on('end', () => this.#end());
  }

  static async open(port: number, tls?: ConnectionOptions): Promise<RawClient> {
    const socket = tls ? connectSecurely({ port, host: '127.0.0.1', ...tls }) : connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => {
      socket.once(tls ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    });
    return new RawClient(socket);
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The peer ended its side, and everything it sent was read. */
  get ended(): boolean {
    return this.#ended && this.#bytes.length === 0;
  }

  write(bytes: Uint8Array | string): Promise<void> {
    const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    return new Promise((resolve) => this.socket.write(data, () => resolve()));
  }

  /** The next answer, `100 Continue` included; `undefined` once the peer has ended. */
  async answer(): Promise<RawAnswer | undefined> {
    while (true) {
      const found = this.#take();
      if (found) return found;
      if (this.#ended) return undefined;
      await this.#more();
    }
  }

  /** Resolves when the peer has ended. */
  async closed(): Promise<void> {
    while (!this.#ended) await this.#more();
  }

  close(): void {
    this.socket.destroy();
  }

  #dropContinue(): void {
    const line = 'HTTP/1.1 100 Continue\r\n\r\n';
    for (let at = this.#bytes.indexOf(line); at >= 0; at = this.#bytes.indexOf(line)) {
      this.#bytes = Buffer.concat([this.#bytes.subarray(0, at), this.#bytes.subarray(at + line.length)]);
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #take(): RawAnswer | undefined {
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [line = '', ...fields] = this.#bytes.toString('latin1', 0, end).split('\r\n');
    const headers: Record<string, string> = {};
    for (const field of fields) {
      const colon = field.indexOf(':');
      headers[field.slice(0, colon).toLowerCase()] = field.slice(colon + 1).trim();
    }
    const start = end + 4;
    const length = Number(headers['content-length'] ?? 0);
    if (this.#bytes.length < start + length) return undefined;
    const body = this.#bytes.subarray(start, start + length);
    this.#bytes = this.#bytes.subarray(start + length);
    const [, status = '0', reason = ''] = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(line) ?? [];
    return { status: Number(status), reason, headers, body };
  }
}

/** A request with its length; `fields` may replace Host and Content-Length. */
export function rawRequest(
  target: string,
  body: Uint8Array | string = '',
  fields: Readonly<Record<string, string>> = {},
  method = 'POST',
): Buffer {
  const content = typeof body === 'string' ? Buffer.from(body, 'latin1') : Buffer.from(body);
  const all = { Host: 'mail.example.com', 'Content-Length': `${content.length}`, ...fields };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), content]);
}
