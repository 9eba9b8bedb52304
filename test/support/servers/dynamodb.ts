/** The DynamoDB servers that tests talk to; each starts at most once in a process. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's modules lacks it
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { DYNAMODB_LOCAL, isFetched } from './fetch-dynamodb-local.ts';
import { startServer, type TestServer } from './process.ts';

export type DynamoServer = 'dynoxide' | 'dynamodb-local' | 'endpoint';

const DYNOXIDE = fileURLToPath(new URL('../../../node_modules/@dynoxide/linux-x64/dynoxide', import.meta.url));

/** Why the server cannot run here; `undefined` when it can. */
export function missing(server: DynamoServer): string | undefined {
  switch (server) {
    case 'dynoxide':
      return existsSync(DYNOXIDE) ? undefined : 'dynoxide is not installed (optional dependency for Linux on x64)';
    case 'dynamodb-local':
      if (!hasJava()) return 'no Java here: DynamoDB Local needs 17 or later';
      return isFetched() ? undefined : 'DynamoDB Local: run node test/support/servers/fetch-dynamodb-local.ts';
    case 'endpoint':
      return process.env.DYNAMODB_ENDPOINT ? undefined : 'DYNAMODB_ENDPOINT is not set';
  }
}

function hasJava(): boolean {
  try {
    execFileSync('java', ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const running = new Map<DynamoServer, Promise<TestServer>>();

export function dynamoServer(server: DynamoServer): Promise<TestServer> {
  let started = running.get(server);
  if (!started) {
    started = start(server);
    running.set(server, started);
  }
  return started;
}

async function start(server: DynamoServer): Promise<TestServer> {
  const reason = missing(server);
  if (reason) throw new Error(reason);
  if (server === 'endpoint') return { endpoint: process.env.DYNAMODB_ENDPOINT!, stop: async () => {} };
  if (server === 'dynamodb-local') {
    const jar = ['-Djava.library.path=./DynamoDBLocal_lib', '-Xmx256m', '-jar', 'DynamoDBLocal.jar'];
    return startServer(
      'java',
      (port) => [...jar, '-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port)],
      {
        cwd: DYNAMODB_LOCAL,
        timeoutMs: 60_000,
      },
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'dp-dynoxide-'));
  const path = join(folder, 'tables.db');
  const started = await startServer(DYNOXIDE, (port) => ['serve', '--port', String(port), '--db-path', path], {
    timeoutMs: 10_000,
    scratch: folder,
  });
  indexStream(path);
  return started;
}

/** Without this index a streamed write of dynoxide takes longer with every record before it. */
function indexStream(path: string): void {
  const db = new DatabaseSync(path, { timeout: 2000 });
  db.exec('CREATE INDEX IF NOT EXISTS ix_stream_seq ON _stream_records (table_name, CAST(sequence_number AS INTEGER))');
  db.close();
}
