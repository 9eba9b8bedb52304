import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MailLimits, withLimits } from '../../../lib/mail/limits.ts';
import { parseMessage } from '../../../lib/mail/parse.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const parse = (raw: Uint8Array | string, limits?: Partial<MailLimits>) =>
  parseMessage(typeof raw === 'string' ? Buffer.from(raw) : raw, { now: NOW, limits });

/** CPU seconds, so that a busy machine does not fail the test. */
async function cpuSeconds(run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

const html = (body: string) => `From: a@example.com\r\nContent-Type: text/html\r\n\r\n${body}`;
const HOSTILE_HTML: readonly (readonly [string, string])[] = [
  ['100,000 unclosed elements', '<div>'.repeat(100_000)],
  ['80,000 nested inline elements', '<b><i>'.repeat(80_000)],
  ['nested tables', '<table><tr><td>'.repeat(30_000)],
  ['nested lists', '<ul><li>'.repeat(60_000)],
  ['list items in definitions in list items', '<li><dd>'.repeat(60_000)],
  ['options in rows in options', '<tr><option>'.repeat(40_000)],
  ['elements that other end tags seem to close', '<div></x>'.repeat(50_000)],
  ['nothing but angle brackets', '<'.repeat(500_000)],
  ['tags that never end', '<a href='.repeat(60_000)],
  ['comments that never end', '<!--'.repeat(100_000)],
  ['nothing but ampersands', '&'.repeat(500_000)],
  ['60,000 siblings', '<p>x</p>'.repeat(60_000)],
  ['100,000 attributes', `<p ${'a=b '.repeat(100_000)}>`],
  ['meta tags without an end', '<meta '.repeat(80_000)],
  ['references to 50,000 images', '<img src="cid:x">'.repeat(50_000)],
];

describe('a hostile message', () => {
  test.each(HOSTILE_HTML)('of %s takes no more than a moment', async (_name, body) => {
    expect(await cpuSeconds(() => parse(html(body)))).toBeLessThan(3);
  });

  test('of deeply nested HTML still gives its words', async () => {
    expect((await parse(html(`${'<div>'.repeat(5_000)}hello <b>there</b>`))).text).toMatch(/hello\s+there/);
  });

  // The converter leaves out what is deep; the words are there only because it was not asked.
  test.each([
    ['<li><dd>', 'tags that may lack their ends, by turns'],
    ['<tr><option>', 'other tags of that kind'],
    ['<div></x>', 'end tags of nothing'],
    ['<div><!-- </div> -->', 'end tags in comments'],
    ['<div title="</div>">', 'end tags in attributes'],
  ])('of thousands of %s does not reach the converter (%s)', async (unit) => {
    expect((await parse(html(`${unit.repeat(3_000)}at the bottom`))).text).toContain('at the bottom');
  });

  test.each([
    ['<li>x', 'x'],
    ['<p>x', 'x'],
    ['<br>x', 'x'],
    ['<b>x</b> ', 'x'],
  ])('of thousands of %s, which stand side by side, is converted', async (unit) => {
    expect((await parse(html(`${unit.repeat(3_000)}<a href="https://example.com">end</a>`))).text).toContain(
      'end <https://example.com>',
    );
  });

  test('of many HTML parts is converted up to one limit for all of them', async () => {
    const part = (text: string) => `--x\r\nContent-Type: text/html\r\n\r\n${text}\r\n`;
    const raw = `Content-Type: multipart/mixed; boundary=x\r\n\r\n${['aaaa', 'bbbb', 'cccc', 'dddd'].map(part).join('')}--x--`;
    const { text, html: whole } = await parse(raw, { htmlChars: 12 });
    expect(text.replace(/\s/g, '')).toBe('aaaabbbbcc');
    expect(whole).toContain('dddd');
  });

  test.each([
    ['tags', '<meta '.repeat(2_700)],
    ['spaces', `<meta charset=${' '.repeat(16_000)}>`],
  ])('of many HTML parts that begin with thousands of %s takes no more than a moment', async (_name, head) => {
    const part = `--x\r\nContent-Type: text/html\r\n\r\n${head}\r\n`;
    const raw = `Content-Type: multipart/mixed; boundary=x\r\n\r\n${part.repeat(100)}--x--`;
    expect(await cpuSeconds(() => parse(raw))).toBeLessThan(3);
  });

  test('whose files lie where its HTML almost says takes no more than a moment', async () => {
    // Made to be slow to search for: every place of the text looks like the beginning of a match.
    const file = (n: number) =>
      `--x\r\nContent-Type: image/png\r\nContent-Location: ${'a'.repeat(400)}b${n}\r\n\r\nz\r\n`;
    const files = Array.from({ length: 250 }, (_, n) => file(n)).join('');
    const body = `${'a'.repeat(998)}\r\n`.repeat(2_000);
    const raw = `Content-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n${body}${files}--x--`;
    expect(await cpuSeconds(async () => expect((await parse(raw)).attachments).toHaveLength(250))).toBeLessThan(3);
  });

  test('of half a million parts is read up to the limit', async () => {
    const raw = `Content-Type: multipart/mixed; boundary=x\r\n\r\n${'--x\r\n\r\na\r\n'.repeat(500_000)}`;
    let message: Awaited<ReturnType<typeof parse>> | undefined;
    const seconds = await cpuSeconds(async () => {
      message = await parse(raw);
    });
    expect(seconds).toBeLessThan(5);
    expect(message).toMatchObject({ degraded: 'bounded' });
    expect(message!.text.startsWith('a\n')).toBe(true);
  });

  test('with as many parts as allowed is read whole', async () => {
    const parts = (n: number) => `Content-Type: multipart/mixed; boundary=x\r\n\r\n${'--x\r\n\r\na\r\n'.repeat(n)}`;
    expect((await parse(parts(10), { parts: 10 })).degraded).toBeUndefined();
    expect((await parse(parts(11), { parts: 10 })).degraded).toBe('bounded');
  });

  test('whose boundary hides in a continuation or among ten thousand others is bounded all the same', async () => {
    const many = Array.from({ length: 20_000 }, (_, n) => `boundary=fake${n}`).join('; ');
    for (const type of ['boundary*0=x; boundary*1=y', 'boundary="xy" (comment)', `x="${many}"; boundary=xy`]) {
      const raw = `Content-Type: multipart/mixed; ${type}\r\n\r\n${'--xy\r\n\r\na\r\n'.repeat(20)}`;
      const message = await parse(raw, { parts: 10 });
      expect(message).toMatchObject({ degraded: 'bounded', text: Array(10).fill('a').join('\n\n') });
    }
  });

  test('of twenty million empty lines takes little time and memory', async () => {
    const raw = Buffer.alloc(20_000_000, '\n');
    raw.write('Subject: lines\n\nfirst\n');
    const before = process.memoryUsage().rss;
    const seconds = await cpuSeconds(async () => {
      expect(await parse(raw)).toMatchObject({ subject: 'lines', text: 'first', degraded: 'bounded' });
    });
    expect(seconds).toBeLessThan(5);
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
  });

  test('with as many lines as allowed is read whole', async () => {
    const raw = (n: number) => `Subject: s\n\n${'a\n'.repeat(n)}`;
    expect((await parse(raw(98), { lines: 101 })).degraded).toBeUndefined();
    expect((await parse(raw(100), { lines: 101 })).degraded).toBe('bounded');
  });

  test.each([
    ['quotes', 'To', '"'],
    ['angle brackets', 'To', '<'],
    ['brackets', 'From', '('],
    ['commas', 'Cc', ','],
    ['groups', 'To', 'a:;'],
    ['encoded words', 'Subject', '=?utf-8?q?a?= '],
    ['broken encoded words', 'Subject', '=?utf-8?b?'],
    ['reply prefixes', 'Subject', 'Re: '],
    ['spaces', 'Subject', ' \t'],
    ['references', 'References', '<a@b> '],
    ['open references', 'References', '<a'],
    ['parameters', 'Content-Type', 'text/plain; c=d; '],
    ['dates', 'Date', 'Mon, (1 '],
    ['traces', 'Received', ';'],
  ])('with 400 KB of %s in %s takes no more than a moment', async (_name, field, unit) => {
    const raw = `X: y\r\n${field}: ${unit.repeat(400_000 / unit.length)}\r\n\r\nbody`;
    expect(await cpuSeconds(async () => expect((await parse(raw)).text).toContain('body'))).toBeLessThan(3);
  });

  test('nested too deeply is shown as text', async () => {
    let raw = 'From: ada@example.com\r\nSubject: deep\r\n';
    for (let level = 0; level < 60; level++) {
      raw += `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`;
    }
    const message = await parse(`${raw}\r\nat the bottom\r\n`);
    expect(message).toMatchObject({ degraded: 'parser', from: 'ada@example.com', subject: 'deep', nativeBody: 1 });
    expect(message.text).toContain('at the bottom');
  });

  test('with more header than is read keeps what it says first', async () => {
    const raw = `From: ada@example.com\r\nSubject: big\r\n${'X-Junk: y\r\n'.repeat(60_000)}\r\nbody\r\n`;
    expect(await parse(raw)).toMatchObject({
      degraded: 'parser',
      from: 'ada@example.com',
      subject: 'big',
      text: 'body\r\n',
    });
  });

  test('to 20,000 people lists as many as 32,768 bytes hold, none cut [MS-ASEMAIL R788 R477]', async () => {
    const people = Array.from({ length: 20_000 }, (_, n) => `"Person ${n}" <person${n}@example.com>`);
    const { to, displayTo, from } = await parse(
      `From: ${'x'.repeat(40_000)}@example.com\r\nTo: ${people.join(',\r\n ')}\r\n\r\nx`,
      {
        headerBytes: 4_000_000,
      },
    );
    expect(to.length).toBeGreaterThan(32_000);
    expect(to.length).toBeLessThanOrEqual(32_768);
    expect(people).toContain(to.split(', ').at(-1));
    expect(displayTo.length).toBeLessThanOrEqual(32_768);
    expect(from.length).toBeLessThanOrEqual(32_768);
  });

  test('with 300 attachments lists the first 250', async () => {
    const part = (n: number) => `--x\r\nContent-Type: image/png; name=${n}.png\r\n\r\nz\r\n`;
    const raw = `Content-Type: multipart/mixed; boundary=x\r\n\r\n${Array.from({ length: 300 }, (_, n) => part(n)).join('')}--x--`;
    const { attachments } = await parse(raw);
    expect(attachments.map(({ name }) => name)).toEqual(Array.from({ length: 250 }, (_, n) => `${n}.png`));
  });

  test('with a name of a thousand characters keeps 255 bytes and the extension', async () => {
    const raw = `Content-Type: application/pdf; name="${'ü'.repeat(1_000)}.pdf"\r\nContent-Disposition: attachment\r\n\r\nx`;
    const [attachment] = (await parse(raw)).attachments;
    expect(Buffer.byteLength(attachment!.name)).toBeLessThanOrEqual(255);
    expect(attachment!.name).toMatch(/^ü+\.pdf$/);
  });

  test('of 25 MB keeps its attachment byte by byte', async () => {
    const data = Buffer.alloc(25_000_000);
    for (let at = 0; at < data.length; at += 4) data.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
    const encoded = data.toString('base64').replace(/.{76}/g, '$&\r\n');
    const raw = Buffer.from(
      `Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nsee film\r\n--x\r\nContent-Type: video/mp4; name=film.mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n${encoded}\r\n--x--`,
    );
    const message = await parse(raw);
    expect(message.text).toBe('see film');
    expect(Buffer.compare(message.attachments[0]!.content, data)).toBe(0);
  });

  test('of any bytes gives a readable message', async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          '\r\n',
          '\r\n\r\n',
          'Content-Type: multipart/mixed; boundary=x\r\n\r\n',
          'Content-Type: text/html; charset=utf-16\r\n\r\n',
          '--x\r\n',
          '--x--\r\n',
          'Content-Transfer-Encoding: base64\r\n',
          'Content-Type: message/rfc822\r\n\r\n',
          'Content-Type: text/calendar; method=REPLY\r\n\r\n',
          'Subject: =?utf-8?B?////?=\r\n',
          'Date: \0\r\n',
          'Thread-Index: AdAAAA==\r\n',
          '=?x?q?',
          '<img src="cid:a">',
        )
        .map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const message = await parse(Buffer.concat(pieces));
        expect(typeof message.text).toBe('string');
        expect(message.received).toBeLessThanOrEqual(NOW);
        for (const text of [message.subject, message.from, message.to, message.text, message.html ?? '']) {
          expect(text.isWellFormed()).toBe(true);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
          expect(text).not.toMatch(/[\0-\x08\x0b\x0c\x0e-\x1f]/);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a limit', () => {
  test.each([Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY])(
    'of %s throws instead of switching a check off',
    async (value) => {
      await expect(parse('x', { depth: value })).rejects.toThrow(RangeError);
      expect(() => withLimits({ a: 1 }, { a: value })).toThrow('limit a');
    },
  );

  test('that is undefined is the default', () => {
    expect(withLimits({ a: 1 }, { a: undefined })).toEqual({ a: 1 });
    expect(withLimits({ a: 1, b: 2 }, { b: 0 })).toEqual({ a: 1, b: 0 });
  });
});
