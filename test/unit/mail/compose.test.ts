import { describe, expect, test } from 'vitest';
import { composeContent, type Enclosure, separateIds } from '../../../lib/mail/compose.ts';
import { parseMessage } from '../../../lib/mail/parse.ts';
import { joinMessage } from '../../../lib/mail/raw-message.ts';

const file = (name: string, over: Partial<Enclosure> = {}): Enclosure => ({
  name,
  contentType: 'application/pdf',
  content: Buffer.from([0, 255, 13, 10, 46, 13, 10]),
  inline: false,
  ...over,
});

async function roundTrip(body: { text: string; html?: string }, enclosures: readonly Enclosure[]) {
  const content = await composeContent(body, enclosures);
  return { content, parsed: await parseMessage(joinMessage(content), { now: 0 }) };
}

describe('composed content', () => {
  test('is only what tells of the content', async () => {
    const { content } = await roundTrip({ text: 'x' }, []);
    expect(content.fields.map(({ name }) => name).toSorted()).toEqual([
      'content-transfer-encoding',
      'content-type',
      'mime-version',
    ]);
  });

  test('says again what it was made of: text, HTML, files and shown pictures', async () => {
    const html = '<body><img src="cid:a@b"> Grüße</body>';
    const picture = file('a.png', { contentType: 'image/png', contentId: 'a@b', inline: true });
    const { parsed } = await roundTrip({ text: 'Grüße 😀\r\n.\r\nend', html }, [picture, file('Zürich.pdf')]);
    expect(parsed.text).toBe('Grüße 😀\n.\nend');
    expect(parsed.html?.trim()).toBe(html);
    expect(parsed.attachments).toMatchObject([
      { name: 'a.png', contentType: 'image/png', contentId: 'a@b', inline: true },
      { name: 'Zürich.pdf', contentType: 'application/pdf', inline: false },
    ]);
    for (const { content } of parsed.attachments) expect(Buffer.from(content).toString('hex')).toBe('00ff0d0a2e0d0a');
  });

  test('holds a message as it is', async () => {
    const inner = Buffer.from('Subject: in\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGr\xfc\xdfe', 'latin1');
    const { parsed } = await roundTrip({ text: 'x' }, [
      file('in.eml', { contentType: 'message/rfc822', content: inner }),
    ]);
    expect(parsed.attachments).toMatchObject([{ name: 'in.eml', contentType: 'message/rfc822', method: 5 }]);
    // The parser writes line ends of text in its own way.
    const found = Buffer.from(parsed.attachments[0]!.content).toString('latin1').replace(/\r?\n/g, '\r\n');
    expect(found.trimEnd()).toBe(inner.toString('latin1'));
  });

  test('reads no files and no addresses, whatever a name looks like', async () => {
    const { parsed } = await roundTrip({ text: 'x' }, [
      file('/etc/passwd', { contentLocation: 'file:///etc/passwd', content: new Uint8Array(0) }),
    ]);
    expect(parsed.attachments[0]!.content).toHaveLength(0);
  });

  test('has names that end no field', async () => {
    const { content } = await roundTrip({ text: 'x' }, [file('a"\r\nX-Evil: 1\r\n\r\nb.pdf')]);
    expect(Buffer.from(content.body).toString()).not.toMatch(/^X-Evil/m);
  });
});

describe('content ids of two messages', () => {
  test('are told apart where they are the same', () => {
    const same = [file('old.png', { contentId: 'Image1', inline: true }), file('other', { contentId: 'o' })];
    const { html, enclosures } = separateIds('<img src="cid:Image1">', same, [file('new', { contentId: 'image1' })]);
    const [changed, kept] = enclosures;
    expect(changed!.contentId).not.toMatch(/image1/i);
    expect(html).toBe(`<img src="cid:${changed!.contentId}">`);
    expect(kept).toBe(same[1]);
  });

  test('stay where they differ', () => {
    const one = [file('a', { contentId: 'a' })];
    expect(separateIds('<img src="cid:a">', one, [])).toEqual({ html: '<img src="cid:a">', enclosures: one });
  });
});
