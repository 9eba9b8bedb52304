import { describe, expect, it } from 'vitest';
import { FakeClock } from '../support/fake-clock.ts';
import { startServer, VERSIONS } from './harness.ts';
import { untilAnswered } from './shared.ts';

/** Resolves when the server holds this many requests; a request that is on its way is not held yet. */
async function untilHeld(server: { readonly holder: { readonly held: number } }, count: number): Promise<void> {
  while (server.holder.held < count) await new Promise((resolve) => setImmediate(resolve));
}

describe('a message arrives', () => {
  it.each(VERSIONS)(
    'the held Ping completes and Sync delivers it, version %i [MS-ASCMD R4235 R4236]',
    async (version) => {
      const clock = new FakeClock();
      const server = await startServer({}, { clock });
      const phone = server.phone({ version });
      await phone.start();
      expect((await phone.drain(phone.inbox)).added).toEqual([]);

      const ping = phone.ping([phone.inbox]);
      await untilHeld(server, 1);
      await server.send({ subject: 'Grüße aus Köln', text: 'Guten Morgen!' });
      const answer = await untilAnswered(clock, ping, 100);
      expect(answer.document).toMatchObject({ Status: 2, Folders: { Folder: [phone.inbox.id] } });

      const { added } = await phone.drain(phone.inbox);
      expect(added).toHaveLength(1);
      const mail = phone.inbox.items.get(added[0]!)!;
      expect(mail).toMatchObject({ Subject: 'Grüße aus Köln', Read: false });
      expect(mail.From).toContain('alex@sender.test');
      expect(mail.Body?.Data ?? mail.LegacyBody).toContain('Guten Morgen!');

      // Nothing is left to tell: the next Ping is held to the end of its heartbeat.
      const begun = clock.now();
      await untilAnswered(clock, phone.ping([phone.inbox], 60));
      expect(clock.now() - begun).toBeGreaterThanOrEqual(60_000);
    },
  );

  it.each(['plain', 'base64'] as const)('with a %s query, gzip and HTTPS', async (query) => {
    const server = await startServer({ tls: true });
    const phone = server.phone({ query, gzip: true, url: server.httpsUrl!, ca: server.ca });
    await phone.start();
    await phone.drain(phone.inbox);
    const ping = phone.ping([phone.inbox]);
    await untilHeld(server, 1);
    await server.deliver('kim@example.test', 'From: a@b.test\r\nSubject: Hi\r\n\r\nHello\r\n');
    expect((await ping).document?.Status).toBe(2);
    expect((await phone.drain(phone.inbox)).added).toHaveLength(1);
  });
});
