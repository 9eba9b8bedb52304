/** Secrets Manager as far as it is asked: GetSecretValue, answered as AWS answers. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SecretsServer {
  readonly endpoint: string;
  /** Secrets that were asked for, in order. */
  readonly asked: string[];
  stop(): Promise<void>;
}

export async function startSecrets(secrets: Readonly<Record<string, string>>): Promise<SecretsServer> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const { SecretId } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly SecretId: string };
    asked.push(SecretId);
    const SecretString = secrets[SecretId];
    response.writeHead(SecretString === undefined ? 400 : 200, {
      'content-type': 'application/x-amz-json-1.1',
      ...(SecretString === undefined && { 'x-amzn-errortype': 'ResourceNotFoundException' }),
    });
    response.end(JSON.stringify(SecretString === undefined ? { message: 'gone' } : { SecretString }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
