import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inboundMessage } from '../../../../lib/delivery/inbound/envelope.ts';
import type { Receipt } from '../../../../lib/delivery/inbound/receipt.ts';

const ORIGINAL = [
  'Received: from laptop by mx.sender.test; Sat, 3 Jan 2026 12:00:00 +0000',
  'From: Alex <alex@sender.test>',
  'To: Kim <kim@acme.test>, Someone <x@other.test>',
  'Cc: "Lee" <Lee+tag@acme.test>',
  'Subject: Hello',
  'Message-ID: <1@sender.test>',
  '',
  'Body',
].join('\r\n');

const ses = (recipient: string) =>
  [
    'Return-Path: <alex@sender.test>',
    'Received: from mx.sender.test (mx.sender.test [192.0.2.1])',
    ' by inbound-smtp.eu-west-1.amazonaws.com with SMTP id abc123',
    ` for ${recipient};`,
    ' Sat, 03 Jan 2026 12:00:01 +0000 (UTC)',
    'X-SES-Spam-Verdict: PASS',
    'X-SES-Virus-Verdict: PASS',
    'Received-SPF: pass (spfCheck: domain of sender.test designates 192.0.2.1 as permitted sender)',
    'Authentication-Results: amazonses.com; spf=pass',
    'X-SES-RECEIPT: AEFBQUFB',
    'X-SES-DKIM-SIGNATURE: a=rsa-sha256; q=dns/txt; b=abc;',
    ' c=relaxed/simple',
    '',
  ].join('\r\n');

const read = (raw: string, metadata: Record<string, string> = {}) =>
  inboundMessage({ raw: Buffer.from(raw), metadata }, ['acme.test']);

const receipt: Receipt = { from: 'Alex@sender.test', to: ['boss@acme.test'], verdicts: { spf: 'PASS' } };
const received = (raw: string, over: Partial<Receipt> = {}) =>
  inboundMessage({ raw: Buffer.from(raw), metadata: {} }, ['acme.test'], { ...receipt, ...over });

describe('a message from SES', () => {
  const message = received(ses('boss@acme.test') + ORIGINAL);

  it('is for those of its envelope, whoever stands in its header', () => {
    expect(message.to).toEqual(['boss@acme.test']);
    const many = Array.from({ length: 600 }, (_, n) => `u${n}@acme.test`);
    expect(received(ORIGINAL, { to: [...many, '<U1@acme.test>', 'none'] }).to).toEqual(many);
  });

  it('has its sender from the envelope', () => {
    expect(message.from).toBe('alex@sender.test');
    for (const from of ['', '<>', 'MAILER-DAEMON']) {
      expect(received(ses('kim@acme.test') + ORIGINAL, { from })).toMatchObject({ from: '', proven: false });
    }
  });

  it('is the same message in every copy: what SES wrote in front is no part of it', () => {
    const other = received(ses('lee@acme.test') + ORIGINAL);
    expect(Buffer.from(other.raw).toString()).toBe(ORIGINAL);
    expect(Buffer.from(message.raw)).toEqual(Buffer.from(other.raw));
    expect(message.trace).toBe(ses('boss@acme.test'));
  });

  it('that names two authors proves neither of them by DMARC', () => {
    const verdicts = { dmarc: 'PASS' };
    expect(received(ORIGINAL, { verdicts }).proven).toBe(true);
    const two = ORIGINAL.replace('<alex@sender.test>', '<alex@sender.test>, b@sender.test');
    expect(received(two, { verdicts }).proven).toBe(false);
  });
});

describe('a message from another system', () => {
  it('is for whom the metadata says, and for nobody else', () => {
    const { to, from, raw } = read(ORIGINAL, {
      'mail-from': 'bounce@list.test',
      'rcpt-to': 'Kim@acme.test, lee@acme.test',
    });
    expect({ to, from }).toEqual({ to: ['kim@acme.test', 'lee@acme.test'], from: 'bounce@list.test' });
    expect(Buffer.from(raw).toString()).toBe(ORIGINAL);
  });

  it('without metadata is for those of our domains that its header names', () => {
    expect(read(ORIGINAL)).toMatchObject({ to: ['kim@acme.test', 'lee+tag@acme.test'], from: '', trace: '' });
    expect(read(ses('boss@acme.test') + ORIGINAL).to).toEqual(['boss@acme.test', 'kim@acme.test', 'lee+tag@acme.test']);
  });

  it('is believed about its sender where the metadata names one, and not where a field does', () => {
    expect(read(ORIGINAL, { 'mail-from': 'a@b.test' })).toMatchObject({ from: 'a@b.test', proven: true });
    expect(read(`Return-Path: <a@b.test>\r\n${ORIGINAL}`)).toMatchObject({ from: 'a@b.test', proven: false });
  });

  it('that names nobody of ours is for nobody', () => {
    expect(read('To: x@other.test\r\n\r\n').to).toEqual([]);
    expect(read('no header at all').to).toEqual([]);
    expect(read('').to).toEqual([]);
  });

  it.each([
    ['Auto-Submitted: auto-replied', true],
    ['Auto-Submitted: no', false],
    ['Precedence: bulk', true],
    ['Precedence: first-class', false],
    ['List-Id: <a.list.test>', true],
    ['X-Other: bulk', false],
  ])('with %s is automatic: %s', (line, automatic) => {
    expect(read(`${line}\r\n${ORIGINAL}`).automatic).toBe(automatic);
  });

  it('names each recipient once, and by its header at most 500', () => {
    expect(read('To: kim@acme.test, KIM@acme.test\r\n\r\n').to).toEqual(['kim@acme.test']);
    const many = Array.from({ length: 600 }, (_, n) => `u${n}@acme.test`).join(',');
    expect(read(`To: ${many}\r\n\r\n`).to).toHaveLength(500);
    expect(read('x: y\r\n\r\n', { 'rcpt-to': many }).to).toHaveLength(600);
  });

  it('is read from any bytes without an error (property)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (raw) => void inboundMessage({ raw, metadata: {} }, ['a.b'])),
    );
  });
});
