import { describe, expect, it } from 'vitest';
import { PASSWORD, type Server, startServer, VERSIONS } from './harness.ts';
import { startRelay, until, untilHeld } from './relay.ts';

const message = (to: string, over = '', body = 'Guten Morgen!') =>
  Buffer.from(
    `From: kim@example.test\r\nTo: ${to}\r\nSubject: Hallo\r\nContent-Type: text/plain; charset=utf-8\r\n${over}\r\n${body}\r\n`,
  );

async function withAlex(input: Parameters<typeof startServer>[0] = {}): Promise<Server> {
  const server = await startServer(input);
  await server.domain.accounts.create({ address: 'alex@example.test', name: 'Alex', password: PASSWORD });
  return server;
}

const alexOf = (server: Server) => server.phone({ user: 'alex@example.test', deviceId: 'ALEX01' });

describe('SendMail', () => {
  it.each(VERSIONS)(
    'to somebody here completes the held Ping, version %i [MS-ASCMD R443 R463 R4379]',
    async (version) => {
      const server = await withAlex();
      const alex = alexOf(server);
      await alex.start();
      await alex.drain(alex.inbox);
      const kim = server.phone({ version });
      await kim.start();
      await kim.drain(kim.folder(5));

      const ping = alex.ping([alex.inbox]);
      await untilHeld(server, 1);
      const answer = await kim.client.compose('SendMail', { mime: message('alex@example.test'), save: true });
      expect(answer.status).toBe(200);
      expect(answer.body).toHaveLength(0);
      expect(answer.headers['content-length']).toBe('0');
      expect((await ping).document).toMatchObject({ Status: 2, Folders: { Folder: [alex.inbox.id] } });

      const { added } = await alex.drain(alex.inbox);
      expect(alex.inbox.items.get(added[0]!)).toMatchObject({
        Subject: 'Hallo',
        From: 'kim@example.test',
        Read: false,
      });
      const sent = await kim.drain(kim.folder(5));
      expect(sent.added).toHaveLength(1);
      expect(kim.folder(5).items.get(sent.added[0]!)).toMatchObject({ Subject: 'Hallo', Read: true });
    },
  );
});
