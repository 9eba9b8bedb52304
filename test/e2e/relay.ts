import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerEnvelope } from 'smtp-server';
import { onTestFinished } from 'vitest';

export interface Relayed {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: Buffer;
}

export interface TestRelay {
  readonly url: string;
  readonly messages: Relayed[];
  /** What the next recipients are told instead of being taken, by address. */
  readonly refuse: Map<string, number>;
}

/** A mail server that takes everything but what `refuse` names. */
export async function startRelay(
  options: { readonly login?: string; readonly port?: number } = {},
): Promise<TestRelay> {
  const messages: Relayed[] = [];
  const refuse = new Map<string, number>();
  const server = new SMTPServer({
    authOptional: options.login === undefined,
    disabledCommands: options.login === undefined ? ['AUTH', 'STARTTLS'] : ['STARTTLS'],
    allowInsecureAuth: true,
    logger: false,
    onAuth: ({ username, password }, _session, callback) =>
      `${username}:${password}` === options.login ? callback(null, { user: username }) : callback(new Error('no')),
    onRcptTo: ({ address }, _session, callback) => {
      const responseCode = refuse.get(address);
      callback(responseCode === undefined ? null : Object.assign(new Error('5.1.1 not here'), { responseCode }));
    },
    onData: (stream, { envelope }, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        messages.push(relayed(envelope, Buffer.concat(chunks)));
        callback();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  const { port } = server.server.address() as AddressInfo;
  const login = options.login === undefined ? '' : `${options.login}@`;
  const query = options.login === undefined ? '' : '?requireTLS=false';
  return { url: `smtp://${login}127.0.0.1:${port}/${query}`, messages, refuse };
}

function relayed({ mailFrom, rcptTo }: SMTPServerEnvelope, raw: Buffer): Relayed {
  return { from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address), raw };
}

/** Resolves when the condition holds; the event loop turns meanwhile. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when the server holds this many requests; a request that is on its way is not held yet. */
export const untilHeld = (server: { readonly holder: { readonly held: number } }, count: number) =>
  until(() => server.holder.held >= count);
