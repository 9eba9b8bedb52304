import fc from 'fast-check';
import { expect, test } from 'vitest';
import { traceOf } from '../../../lib/delivery/trace.ts';
import { parseMessage } from '../../../lib/mail/parse.ts';
import { createBudget } from '../../../lib/ops/budget.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const SESSION = {
  id: 'abc',
  remoteAddress: '192.0.2.1',
  hostNameAppearsAs: 'mx.example.com',
  transmissionType: 'ESMTPS',
};
const HERE = { from: 'ada@example.com', hostname: 'mail.example.net', now: NOW };

test('a trace says who sent it from where, by what and when', () => {
  expect(traceOf(SESSION, HERE)).toBe(
    'Return-Path: <ada@example.com>\r\n' +
      'Received: from mx.example.com ([192.0.2.1])\r\n by mail.example.net with ESMTPS id abc;\r\n' +
      ' Thu, 15 Jan 2026 12:00:00 +0000\r\n',
  );
  expect(traceOf({ ...SESSION, hostNameAppearsAs: false }, { ...HERE, from: '' })).toMatch(
    /^Return-Path: <>\r\nReceived: from unknown /,
  );
});

test('a trace lets nothing that a client says become a header of its own', () => {
  const hostile = fc.array(fc.constantFrom('a', '\r', '\n', '\0', '\u2028', ';', '(', '>', ' ', 'X: y', '\x0b'), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(hostile, hostile, (name, from) => {
      const trace = traceOf({ ...SESSION, hostNameAppearsAs: name.join('') }, { ...HERE, from: from.join('') });
      expect(trace).toMatch(
        /^Return-Path: <[^\r\n<>]*>\r\nReceived: from [^\s;()]+ \(\[[^\r\n]*\]\)\r\n by [^\r\n;]*;\r\n [^\r\n]*\r\n$/,
      );
    }),
  );
});

test('a trace dates a message that has no date', async () => {
  const raw = Buffer.from(`${traceOf(SESSION, { ...HERE, now: NOW - 60_000 })}Subject: s\r\n\r\nx`);
  expect(await parseMessage(raw, { now: NOW })).toMatchObject({ received: NOW - 60_000, subject: 's' });
});

test('a budget gives no more than it has, and what comes back again', () => {
  const budget = createBudget(10);
  expect([budget.take(6), budget.take(5), budget.take(4)]).toEqual([true, false, true]);
  budget.give(6);
  expect([budget.take(7), budget.take(6)]).toEqual([false, true]);
});
