import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Cancel, Clock } from '../ops/clock.ts';
import type { Front, Timeouts } from './listener.ts';
import { peerOf } from './peer.ts';
import { type PlainRequest, recognise } from './plain-request.ts';
import { responseHead } from './response-bytes.ts';
import { splitTarget } from './target.ts';
import type { EasRequest, EasResponse, Held } from './types.ts';

/** What the connections of one listener share. */
export interface PlainHost {
  readonly front: Front;
  readonly clock: Clock;
  readonly limits: Timeouts;
  readonly hops: number;
  readonly open: Set<PlainConnection>;
  /** Gives the socket, with what was read from it, to node:http for good. */
  inject(socket: Socket, bytes: Buffer | undefined): void;
}

/** Pieces of one request; a peer that drips its bytes goes to node:http, which reads without copying. */
const MAX_PIECES = 16;
/** What a client may send ahead while its request is answered; the rest waits in the kernel. */
const MAX_AHEAD = 64 * 1024;

/**
 * A connection that so far carried nothing but plain requests. While one is held, this object, its socket and the Held
 * are all that lives.
 */
export class PlainConnection {
  readonly #host: PlainHost;
  readonly #socket: Socket;
  #state: 'reading' | 'working' | 'held' | 'ended' = 'reading';
  #bytes: Buffer | undefined;
  #pieces = 0;
  #controller: AbortController | undefined;
  #held: Held | undefined;
  #cancelHead: Cancel | undefined;
  /** Not the socket's own timer, which stays in memory when it is switched off. */
  #cancelIdle: Cancel | undefined;

  constructor(host: PlainHost, socket: Socket) {
    this.#host = host;
    this.#socket = socket;
    (socket as PlainSocket)[PLAIN] = this;
    host.open.add(this);
    socket.on('data', onData);
    socket.on('end', onEnd);
    socket.on('close', onClose);
    socket.on('error', ignore);
    this.#mayIdle();
  }

  /** Nothing is asked and nothing is under way. */
  get idle(): boolean {
    return this.#state === 'reading' && this.#bytes === undefined;
  }

  end(): void {
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  read(chunk: Buffer): void {
    this.#bytes = this.#bytes ? Buffer.concat([this.#bytes, chunk]) : chunk;
    this.#pieces++;
    if (this.#state === 'reading') this.#advance();
    else if (this.#bytes.length > MAX_AHEAD) this.#socket.pause();
  }

  #advance(): void {
    const bytes = this.#bytes;
    if (!bytes) return;
    const request = this.#pieces > MAX_PIECES ? 'other' : recognise(bytes);
    if (request === 'more') {
      // It has as long as a head has, whenever it began.
      this.#notIdle();
      this.#cancelHead ??= this.#host.clock.after(this.#host.limits.head, () => this.#leave());
    } else if (request === 'other') {
      this.#leave();
    } else {
      this.#forgetBytes();
      this.#work(request);
    }
  }

  #forgetBytes(): void {
    this.#bytes = undefined;
    this.#pieces = 0;
    this.#cancelHead?.();
    this.#cancelHead = undefined;
  }

  /** Hands over; node:http also says what is wrong with bytes that are no request, and times out what never ends. */
  #leave(): void {
    const bytes = this.#bytes;
    this.#forgetBytes();
    this.#notIdle();
    this.#state = 'ended';
    this.#host.open.delete(this);
    const socket = this.#socket;
    (socket as PlainSocket)[PLAIN] = undefined;
    socket.off('data', onData);
    socket.off('end', onEnd);
    socket.off('close', onClose);
    socket.off('error', ignore);
    this.#host.inject(socket, bytes);
  }

  #work(request: PlainRequest): void {
    this.#state = 'working';
    this.#notIdle();
    const controller = new AbortController();
    this.#controller = controller;
    const answer = this.#host.front.answer(this.#toRequest(request), controller.signal);
    Promise.resolve(answer)
      .then((given) => this.#answered(given))
      .catch(() => this.destroy());
  }

  #toRequest({ method, target, headers, body }: PlainRequest): EasRequest {
    const encrypted = (this.#socket as TLSSocket).encrypted === true;
    const peer = peerOf(headers, this.#socket.remoteAddress, encrypted, this.#host.hops);
    return { method, ...splitTarget(target), headers, body, ...peer };
  }

  #answered(answer: EasResponse | Held): Promise<void> | undefined {
    this.#controller = undefined;
    if (!('kind' in answer)) return this.#write(answer);
    if (this.#state === 'ended') {
      answer.complete(ignore);
      answer.abandon();
      return undefined;
    }
    this.#state = 'held';
    this.#held = answer;
    answer.complete((response) => {
      this.#held = undefined;
      this.#write(response).catch(() => this.destroy());
    });
    return undefined;
  }

  async #write(response: EasResponse): Promise<void> {
    if (this.#state === 'ended') return;
    const { front, clock, limits } = this.#host;
    const close = front.draining;
    const head = responseHead(response, { now: clock.now(), close, keepAliveMs: limits.keepAlive });
    const { body } = response;
    if (body instanceof Uint8Array) {
      // One write, one segment.
      if (body.length === 0) this.#socket.write(head, 'latin1');
      else this.#socket.write(Buffer.concat([Buffer.from(head, 'latin1'), body]));
    } else {
      this.#socket.write(head, 'latin1');
      for await (const chunk of body) {
        // A dead socket never drains, and whoever reads a blob for it would wait for ever.
        if (this.#socket.destroyed) return;
        if (!this.#socket.write(chunk)) await writable(this.#socket);
      }
    }
    // It may have ended while a streamed body was written.
    if ((this.#state as string) === 'ended') return;
    if (close) {
      this.end();
      return;
    }
    this.#state = 'reading';
    this.#mayIdle();
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#advance();
  }

  /** A client that ends its side wants no answer; node:http takes it the same way. */
  ended(): void {
    this.#gone();
    this.#socket.destroySoon();
  }

  closed(): void {
    this.#gone();
    this.#host.open.delete(this);
  }

  #mayIdle(): void {
    this.#cancelIdle = this.#host.clock.after(this.#host.limits.keepAlive, () => this.#socket.destroySoon());
  }

  #notIdle(): void {
    this.#cancelIdle?.();
    this.#cancelIdle = undefined;
  }

  #gone(): void {
    this.#state = 'ended';
    this.#forgetBytes();
    this.#notIdle();
    const held = this.#held;
    this.#held = undefined;
    held?.abandon();
    this.#controller?.abort(new Error('the client went away'));
    this.#controller = undefined;
  }
}

/** The listeners are shared: seven closures of its own would cost a held connection a tenth of its memory. */
const PLAIN = Symbol('plain');
type PlainSocket = Socket & { [PLAIN]?: PlainConnection };

function onData(this: PlainSocket, chunk: Buffer): void {
  this[PLAIN]?.read(chunk);
}
function onEnd(this: PlainSocket): void {
  this[PLAIN]?.ended();
}
function onClose(this: PlainSocket): void {
  this[PLAIN]?.closed();
}
function ignore(): void {}

function writable(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}
