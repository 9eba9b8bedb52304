import { describe, expect, test } from 'vitest';
import { displayNames, formatAddress, formatAddresses, parseAddresses } from '../../../lib/mail/addresses.ts';
import { attachmentName } from '../../../lib/mail/names.ts';

const NOTHING = new Uint8Array();

describe('the name of an attachment', () => {
  test.each([
    ['report.pdf', 'application/pdf', 'report.pdf'],
    ['/tmp/../x/report.pdf', 'application/pdf', 'report.pdf'],
    ['C:\\Users\\a\\b.doc', 'application/msword', 'b.doc'],
    ['..', 'image/png', 'attachment.png'],
    ['', 'text/calendar', 'invite.ics'],
    ['', 'application/ms-tnef', 'winmail.dat'],
    ['', 'application/x-unheard-of', 'attachment'],
    ['a:b?c.txt', 'text/plain', 'a_b_c.txt'],
    [' a\r\nb.txt ', 'text/plain', 'a b.txt'],
    ['mail', 'message/rfc822', 'mail.eml'],
    ['mail.EML', 'message/rfc822', 'mail.EML'],
    ['', 'message/rfc822', 'message.eml'],
  ])('%j of type %s is %j', (given, type, expected) => {
    expect(attachmentName(given, type, NOTHING)).toBe(expected);
  });

  test('of an embedded message is its subject', () => {
    const inner = Buffer.from('From: a\r\nSubject: =?utf-8?Q?Caf=C3=A9/?=\r\n  plan\r\n\r\nSubject: not this');
    expect(attachmentName('', 'message/rfc822', inner)).toBe('Café_ plan.eml');
  });
});

describe('addresses', () => {
  test.each([
    [{ name: 'Ada', address: 'a@x' }, '"Ada" <a@x>'],
    [{ name: '', address: 'a@x' }, 'a@x'],
    [{ name: 'a@x', address: 'a@x' }, 'a@x'],
    [{ name: 'Ada', address: '' }, 'Ada'],
    [{ name: 'A "B" \\ C', address: 'a@x' }, '"A B  C" <a@x>'],
  ])('%j reads %s', (mailbox, expected) => {
    expect(formatAddress(mailbox)).toBe(expected);
  });

  test('are found in groups and in several fields', () => {
    expect(parseAddresses(['Team: a@x, B <b@x>;', 'c@x', ''])).toEqual([
      { name: '', address: 'a@x' },
      { name: 'B', address: 'b@x' },
      { name: '', address: 'c@x' },
    ]);
  });

  test('are never cut in the middle', () => {
    const list = [
      { name: '', address: 'a@example.com' },
      { name: 'Ü', address: 'b@example.com' },
    ];
    const whole = 'a@example.com, "Ü" <b@example.com>';
    expect(formatAddresses(list, ', ', Buffer.byteLength(whole))).toBe(whole);
    expect(formatAddresses(list, ', ', Buffer.byteLength(whole) - 1)).toBe('a@example.com');
    expect(displayNames(list, 100)).toBe('a@example.com;Ü');
  });
});
