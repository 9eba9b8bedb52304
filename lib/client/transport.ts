import http from 'node:http';
import https from 'node:https';
import { gunzipSync, gzipSync } from 'node:zlib';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Post {
  readonly url: URL;
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly gzip?: boolean;
  readonly agent?: http.Agent;
  readonly ca?: string | string[];
  readonly signal?: AbortSignal;
}

/** One HTTP exchange as a phone makes it: Content-Length, no chunks, no redirects, no automatic retries. */
export function exchange(post: Post): Promise<Answer> {
  const body = post.body && post.gzip ? gzipSync(post.body) : post.body;
  const secure = post.url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const request = (secure ? https : http).request(
      post.url,
      {
        method: post.method ?? 'POST',
        headers: {
          ...post.headers,
          ...(post.gzip && body ? { 'Content-Encoding': 'gzip' } : {}),
          'Content-Length': String(body?.length ?? 0),
        },
        agent: post.agent,
        signal: post.signal,
        ...(secure && post.ca ? { ca: post.ca } : {}),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const raw = Buffer.concat(chunks);
          const packed = response.headers['content-encoding'] === 'gzip';
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: packed ? gunzipSync(raw) : raw,
          });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
