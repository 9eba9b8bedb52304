import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { PYTHON } from './pyactivesync.ts';

const PHONE = path.join(import.meta.dirname, 'pyactivesync_phone.py');

export interface ForeignPhone {
  /** Calls a method of the client; what it raises is thrown as `ErrorName: text`. */
  call<T = unknown>(method: string, args?: readonly unknown[], kwargs?: Readonly<Record<string, unknown>>): Promise<T>;
  close(): void;
}

export interface ForeignPhoneInput {
  /** `host:port`; the client speaks https alone. */
  readonly server: string;
  readonly user: string;
  readonly password: string;
  readonly deviceId: string;
  /** PEM file of the authority that it trusts. */
  readonly ca: string;
}

type Answer = { readonly result: unknown } | { readonly error: string; readonly text: string };

/** A phone in a process of its own: one call at a time, as the client works. */
export function foreignPhone(input: ForeignPhoneInput): ForeignPhone {
  // Where the environment names authorities, they come before those that the client is given.
  const env = { ...process.env, REQUESTS_CA_BUNDLE: input.ca };
  const child = spawn(PYTHON, [PHONE], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(`${JSON.stringify(input)}\n`);
  return {
    async call<T>(call: string, args: readonly unknown[] = [], kwargs: Readonly<Record<string, unknown>> = {}) {
      child.stdin.write(`${JSON.stringify({ call, args, kwargs })}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`the client ended during ${call}`);
      const answer = JSON.parse(value) as Answer;
      if ('error' in answer) throw new Error(`${answer.error}: ${answer.text}`);
      return answer.result as T;
    },
    close: () => void child.kill(),
  };
}
