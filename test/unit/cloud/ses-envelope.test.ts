import { describe, expect, it } from 'vitest';
import { destinationOf, withoutBcc } from '../../../lib/cloud/ses-envelope.ts';

const message = (head: string) => Buffer.from(`${head}\r\n\r\nBcc: in@the.body\r\n`, 'latin1');

describe('the envelope for SES', () => {
  it.each([
    ['who is named in To', 'To: A <a@b.test>', ['a@b.test'], { ToAddresses: ['a@b.test'] }],
    ['who is named in Cc, in other case', 'Cc: X@B.test', ['x@b.test'], { ToAddresses: ['x@b.test'] }],
    ['who is named in a folded field', 'To: a@b.test,\r\n c@d.test', ['c@d.test'], { ToAddresses: ['c@d.test'] }],
    ['who is not named gets a blind copy', 'To: a@b.test', ['z@z.test'], { BccAddresses: ['z@z.test'] }],
    ['nobody is named', 'Subject: x', ['a@b.test'], { BccAddresses: ['a@b.test'] }],
    ['a name in From counts for nothing', 'From: a@b.test', ['a@b.test'], { BccAddresses: ['a@b.test'] }],
    ['a name in the body counts for nothing', 'To: x@y.test', ['in@the.body'], { BccAddresses: ['in@the.body'] }],
    ['what is no MIME', 'hello', ['a@b.test'], { BccAddresses: ['a@b.test'] }],
    [
      'both kinds, in their order',
      'To: a@b.test, b@b.test',
      ['z@z.test', 'b@b.test', 'y@z.test', 'a@b.test'],
      { ToAddresses: ['b@b.test', 'a@b.test'], BccAddresses: ['z@z.test', 'y@z.test'] },
    ],
  ])('%s', (_, head, to, expected) => {
    expect(destinationOf(to, message(head))).toEqual(expected);
  });
});

describe('blind recipients', () => {
  it.each(['Bcc', 'bcc', 'Resent-Bcc'])('in %s do not leave', (name) => {
    const sent = Buffer.from(withoutBcc(message(`To: a@b.test\r\n${name}: secret@z.test,\r\n other@z.test\r\nX: y`)));
    expect(sent.toString('latin1')).toBe('To: a@b.test\r\nX: y\r\n\r\nBcc: in@the.body\r\n');
  });

  it.each(['To: a@b.test', 'hello'])('where there are none every byte stays: %s', (head) => {
    const raw = message(head);
    expect(withoutBcc(raw)).toBe(raw);
  });

  it.each(['\n', '\r'])('are found behind line ends of another kind: %j', (end) => {
    const sent = Buffer.from(withoutBcc(Buffer.from(`To: a@b.test${end}Bcc: s@z.test${end}${end}text`)));
    expect(sent.toString()).not.toContain('s@z.test');
    expect(sent.toString()).toContain('text');
  });
});
