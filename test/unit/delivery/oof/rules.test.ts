import { describe, expect, test } from 'vitest';
import { whomToAnswer } from '../../../../lib/delivery/oof/rules.ts';
import type { Account } from '../../../../lib/identity/types.ts';
import { splitMessage } from '../../../../lib/mail/raw-message.ts';

const KIM = { address: 'kim@example.test', aliases: ['sales@example.test'] } as unknown as Account;

/** A plain letter to Kim; `over` are whole lines that replace the fields of their names. */
function ask(from: string, ...over: readonly string[]): string | undefined {
  const lines = new Map(
    ['From: Alex <alex@sender.test>', 'To: Kim <kim@example.test>', 'Subject: Hi', ...over].map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line,
    ]),
  );
  const { fields } = splitMessage(Buffer.from(`${[...lines.values()].join('\r\n')}\r\n\r\nHello`))!;
  return whomToAnswer(from, fields, KIM);
}

describe('an automatic reply', () => {
  test.each([
    ['alex@sender.test', 'alex@sender.test'],
    ['Alex@Sender.TEST', 'alex@sender.test'],
    ['alex+list@sender.test', 'alex+list@sender.test'],
  ])('goes to the sender of the envelope: %s', (from, to) => {
    expect(ask(from)).toBe(to);
    expect(ask(from, 'From: Somebody <else@sender.test>')).toBe(to);
  });

  test.each([
    '',
    'nobody',
    'MAILER-DAEMON@sender.test',
    'mailer-daemon@sender.test',
    'listserv@sender.test',
    'majordomo@sender.test',
    'owner-announce@sender.test',
    'announce-request@sender.test',
    'announce-owner@sender.test',
    'announce-bounces+kim=example.test@sender.test',
    'bounces+77-kim=example.test@sender.test',
    'no-reply@sender.test',
    'noreply@sender.test',
    'do-not-reply@sender.test',
    'kim@example.test',
    'SALES@example.test',
    'kim+tag@example.test',
    'käthe@sender.test',
  ])('is none to %j', (from) => {
    expect(ask(from)).toBeUndefined();
  });

  test.each([
    'Auto-Submitted: auto-replied',
    'Auto-Submitted: auto-generated; owner-email="x@y.test"',
    'Auto-Submitted: nonsense',
    'Precedence: bulk',
    'Precedence: LIST',
    'Precedence: junk',
    'List-Id: <a.b.test>',
    'List-Unsubscribe: <https://b.test>',
    'List-Post: NO',
    'List-Help: <mailto:a@b.test>',
    'Content-Type: multipart/report; report-type=delivery-status; boundary=x',
    'X-Auto-Response-Suppress: DR, OOF, AutoReply',
    'X-Auto-Response-Suppress: All',
    'X-Spam-Flag: YES',
  ])('is none where the header says %s', (line) => {
    expect(ask('alex@sender.test', line)).toBeUndefined();
  });

  test.each([
    'Auto-Submitted: no',
    'Auto-Submitted: No (by hand)',
    'Precedence: first-class',
    'X-Auto-Response-Suppress: DR, RN',
    'X-Spam-Flag: no',
    'Content-Type: multipart/mixed; boundary=x',
  ])('is one where it says %s', (line) => {
    expect(ask('alex@sender.test', line)).toBe('alex@sender.test');
  });

  test.each([
    ['To: team@example.test', undefined],
    ['To: undisclosed-recipients:;', undefined],
    ['To: "kim@example.test" <other@example.test>', undefined],
    ['To: Team: kim@example.test, lee@example.test;', 'alex@sender.test'],
    ['To: Sales <SALES+may@example.test>', 'alex@sender.test'],
  ])('is one only to mail that names the account: %s', (line, to) => {
    expect(ask('alex@sender.test', line)).toBe(to);
  });

  test.each(['Cc', 'Bcc', 'Resent-To', 'Resent-Cc'])('%s names it as well', (name) => {
    expect(ask('alex@sender.test', 'To: team@example.test', `${name}: kim@example.test`)).toBe('alex@sender.test');
  });
});
