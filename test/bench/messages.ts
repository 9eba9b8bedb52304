/** Ordinary mail of several kinds and sizes; the same `n` is always the same message. */
export function mixedMessage(n: number): Buffer {
  const kind = n % 5;
  const head = [
    `From: "Sender ${n % 40}" <sender${n % 40}@example.test>`,
    'To: "Kim" <kim@example.test>, "Team" <team@example.test>',
    `Subject: ${SUBJECTS[n % SUBJECTS.length]} ${n}`,
    `Date: ${new Date(Date.UTC(2026, 0, 1) + n * 60_000).toUTCString()}`,
    `Message-ID: <bench-${n}-${kind}@example.test>`,
    'MIME-Version: 1.0',
  ];
  return Buffer.from([...head, ...BODIES[kind]!(n)].join('\r\n'));
}

/** A message with one file of so many bytes. */
export function messageWith(bytes: number): Buffer {
  const file = Buffer.alloc(57, 7).toString('base64');
  const lines = `${file}\r\n`.repeat(Math.ceil(bytes / 57));
  const head = [
    'From: Ada <ada@example.test>',
    'Subject: File',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=m',
    '',
    '--m',
    'Content-Type: text/plain',
    '',
    'See the attachment.',
    '--m',
    'Content-Type: application/pdf; name=file.pdf',
    'Content-Disposition: attachment; filename=file.pdf',
    'Content-Transfer-Encoding: base64',
    '',
    '',
  ];
  return Buffer.from(`${head.join('\r\n')}${lines}--m--\r\n`, 'latin1');
}

const SUBJECTS = [
  'Quarterly figures',
  'Re: Lunch on Thursday',
  'Fwd: travel plans',
  'Überraschung für Zoë',
  'Build passed',
];
const SENTENCE = 'The committee met on Tuesday and agreed that the remaining points can wait until the next meeting. ';

type Body = (n: number) => string[];
const plain: Body = (n) => ['Content-Type: text/plain; charset=utf-8', '', SENTENCE.repeat(1 + (n % 30))];
const html = (n: number) =>
  `<html><body><p>Hello,</p><p>${SENTENCE.repeat(2 + (n % 20))}</p><ul><li>one</li><li>two</li></ul></body></html>`;
const alternative: Body = (n) => [
  'Content-Type: multipart/alternative; boundary="alt"',
  '',
  '--alt',
  ...plain(n),
  '--alt',
  'Content-Type: text/html; charset=utf-8',
  '',
  html(n),
  '--alt--',
];
const onlyHtml: Body = (n) => ['Content-Type: text/html; charset=utf-8', '', html(n)];
const attached: Body = (n) => [
  'Content-Type: multipart/mixed; boundary="mix"',
  '',
  '--mix',
  ...plain(n),
  '--mix',
  'Content-Type: application/pdf; name="report.pdf"',
  'Content-Disposition: attachment; filename="report.pdf"',
  'Content-Transfer-Encoding: base64',
  '',
  Buffer.alloc(20_000, n % 251)
    .toString('base64')
    .replaceAll(/.{76}/g, '$&\r\n'),
  '--mix--',
];
const long: Body = (n) => ['Content-Type: text/plain; charset=utf-8', '', `${SENTENCE}\r\n`.repeat(200 + (n % 100))];
const BODIES: readonly Body[] = [plain, alternative, onlyHtml, attached, long];
