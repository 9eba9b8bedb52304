import { describe, expect, test } from 'vitest';
import { type ParseOptions, parseMessage } from '../../../lib/mail/parse.ts';

const parse = (lines: readonly string[], limits?: ParseOptions['limits']) =>
  parseMessage(Buffer.from(lines.join('\r\n'), 'latin1'), { now: 0, limits });
const mixed = (...parts: readonly (readonly string[])[]) => [
  'Content-Type: multipart/mixed; boundary=b',
  '',
  ...parts.flatMap((part) => ['--b', ...part]),
  '--b--',
];
const text = (body: string, ...fields: readonly string[]) => [
  'Content-Type: text/plain; charset=utf-8',
  ...fields,
  '',
  body,
];
const html = (body: string, ...fields: readonly string[]) => [
  'Content-Type: text/html; charset=utf-8',
  ...fields,
  '',
  body,
];
const picture = (...fields: readonly string[]) => ['Content-Type: image/png', ...fields, '', 'x'];
const names = ({ attachments }: Awaited<ReturnType<typeof parse>>) => attachments.map(({ name }) => name);

describe('text is', () => {
  test.each<[string, readonly string[], string, readonly string[]]>([
    ['the body, in all its parts', mixed(text('one'), text('two')), 'one\n\ntwo', []],
    [
      'the body where it has a name and is the first',
      mixed(text('one', 'Content-Disposition: inline; filename=a.txt')),
      'one',
      [],
    ],
    [
      'a file where it has a name and comes later',
      mixed(text('one'), text('two', 'Content-Disposition: inline; filename=a.txt')),
      'one',
      ['a.txt'],
    ],
    [
      'a file where it is said to be one',
      mixed(text('one', 'Content-Disposition: ATTACHMENT; filename=a.txt'), text('two')),
      'two',
      ['a.txt'],
    ],
    ['the body where its type is half written', ['Content-Type: text', '', 'one'], 'one', []],
    [
      'a file where it is of another kind',
      mixed(text('one'), ['Content-Type: text/x-diff', '', '+x']),
      'one',
      ['attachment.diff'],
    ],
  ])('%s', async (_, lines, body, files) => {
    const parsed = await parse(lines);
    expect(parsed.text).toBe(body);
    if (files[0] === 'attachment.diff') expect(parsed.attachments).toHaveLength(1);
    else expect(names(parsed)).toEqual(files);
  });
});

describe('a body of text and HTML', () => {
  test('shows the text between as HTML, and the HTML as text', async () => {
    const parsed = await parse(mixed(text('<plain>'), html('<p>rich</p>'), text('end')));
    expect(parsed.text).toBe('<plain>\n\nrich\nend');
    expect(parsed.html).toMatch(/&lt;plain&gt;[\s\S]*<p>rich<\/p>[\s\S]*end/);
    expect(parsed.nativeBody).toBe(2);
  });

  test('of two forms is one body, though the text is empty', async () => {
    const alternative = mixed(text(' '), html('<p>rich</p>')).map((line) => line.replace('mixed', 'alternative'));
    expect(await parse(alternative)).toMatchObject({ text: 'rich', html: '<p>rich</p>\n', nativeBody: 2 });
  });

  test('is plain where the HTML is empty', async () => {
    const lines = mixed(text('one'), html(' '));
    const plain = { text: 'one', html: undefined, nativeBody: 1 };
    expect(await parse(lines)).toMatchObject(plain);
    expect(await parse(lines.map((line) => line.replace('mixed', 'alternative')))).toMatchObject(plain);
    expect(await parse(html(' '))).toMatchObject({ text: '', html: undefined, nativeBody: 1 });
  });
});

describe('a picture is shown within', () => {
  test.each([
    ['by its id', 'cid:p1', 'Content-ID: <p1>', true],
    ['by its id in another case', 'CID:P1', 'Content-ID: <p1>', true],
    ['by its id with percent signs', 'cid:p%201', 'Content-ID: <p 1>', true],
    ['by a place', 'pictures/1.png', 'Content-Location: pictures/1.png', true],
    ['not by a place that is part of a longer one', 'pictures/1.png.bak', 'Content-Location: pictures/1.png', false],
    ['not by another id', 'cid:p2', 'Content-ID: <p1>', false],
    ['not by a broken id', 'cid:%E0%A4%A', 'Content-ID: <p1>', false],
  ])('%s', async (_, source, field, inline) => {
    const { attachments } = await parse(mixed(html(`<img src="${source}">`), picture(field)));
    expect(attachments.map((one) => one.inline)).toEqual([inline]);
  });

  test.each([
    "<img src='a b.png'>",
    '<img src=a%20b.png>',
    '<img src = "a b.png">',
    '<td style="background: url(a%20b.png)">',
    '<td style=\'background: url("a b.png")\'>',
  ])('by its place in %s', async (written) => {
    const place = written.includes('%20') ? 'a%20b.png' : '"a b.png"';
    const { attachments } = await parse(mixed(html(written), picture(`Content-Location: ${place.replace(/"/g, '')}`)));
    expect(attachments.map((one) => one.inline)).toEqual([true]);
  });

  test('never of a message without HTML', async () => {
    const { attachments } = await parse(mixed(text('cid:p1'), picture('Content-ID: <p1>')));
    expect(attachments.map((one) => one.inline)).toEqual([false]);
  });
});

test('files are as many as may be', async () => {
  const lines = mixed(
    text('x'),
    ...Array.from({ length: 5 }, (_, n) => picture(`Content-Disposition: attachment; filename=${n}.png`)),
  );
  expect(names(await parse(lines, { attachments: 3 }))).toEqual(['0.png', '1.png', '2.png']);
});

test('ids and places of files are bounded and hold no line breaks', async () => {
  const [file] = (await parse(mixed(picture(`Content-ID: <${'i'.repeat(900)}>`, 'Content-Location: a\r\n b'))))
    .attachments;
  expect(file!.contentId).toHaveLength(500);
  expect(file!.contentLocation).not.toMatch(/[\r\n]/);
});
