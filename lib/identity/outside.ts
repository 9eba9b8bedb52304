import type { Clock } from '../ops/clock.ts';

export type OutsideAnswer =
  /** Right. `address` where the outside system knows the account under another name than the one typed. */
  { readonly ok: true; readonly address?: string } | { readonly ok: false; readonly reason: 'invalid' | 'unavailable' };

/**
 * Another system that knows the passwords: HTTP here, an LDAP bind is an implementation of the same port. Asked for
 * accounts without a password of their own and for names that the directory does not hold.
 */
export interface OutsideAuth {
  /** Never rejects. */
  verify(credentials: { readonly login: string; readonly password: string }): Promise<OutsideAnswer>;
}

export interface HttpAuthOptions {
  /** Gets `POST {"user", "password"}`; answers 2xx `{"address"?}` for yes, 401 or 403 for no. */
  readonly url: string;
  /** Sent as a bearer token, so that the other side knows who asks. */
  readonly secret?: string;
  readonly timeoutMs?: number;
  readonly clock: Clock;
}

const MOST_BYTES = 16_384;

/** @throws RangeError for a URL over which a password must not travel: other than https, but for this machine itself */
export function createHttpAuth(options: HttpAuthOptions): OutsideAuth {
  const url = new URL(options.url);
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local)) {
    throw new RangeError('the address for outside authentication must be https');
  }
  const timeoutMs = options.timeoutMs ?? 5000;
  if (!(timeoutMs > 0)) throw new RangeError('timeoutMs must be a number above 0');
  const authorization = options.secret === undefined ? {} : { authorization: `Bearer ${options.secret}` };

  return {
    async verify({ login, password }) {
      const abort = new AbortController();
      const stop = options.clock.after(timeoutMs, () => abort.abort());
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json', ...authorization },
          body: JSON.stringify({ user: login, password }),
          // A redirect would carry the password to a place that nobody configured.
          redirect: 'error',
          signal: abort.signal,
        });
        if (response.status === 401 || response.status === 403) {
          await response.body?.cancel();
          return { ok: false, reason: 'invalid' };
        }
        if (!response.ok) {
          await response.body?.cancel();
          return { ok: false, reason: 'unavailable' };
        }
        return { ok: true, address: addressIn(await boundedText(response)) };
      } catch {
        // Nothing of the error is told: it may quote what was sent.
        return { ok: false, reason: 'unavailable' };
      } finally {
        stop();
      }
    },
  };
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new RangeError('answer too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** An empty answer says yes and nothing else; one that is no JSON is no answer. */
function addressIn(text: string): string | undefined {
  if (text.trim() === '') return undefined;
  const answer: unknown = JSON.parse(text);
  const address = typeof answer === 'object' && answer !== null ? (answer as { address?: unknown }).address : undefined;
  return typeof address === 'string' ? address : undefined;
}
