import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { oofReply, type ReplyInput } from '../../../../lib/delivery/oof/reply.ts';
import type { Account } from '../../../../lib/identity/types.ts';
import { splitMessage } from '../../../../lib/mail/raw-message.ts';

const KIM = { address: 'kim@example.test', aliases: [], name: 'Kim Doe' } as unknown as Account;

function reply(header: readonly string[], over: Partial<ReplyInput> = {}): Buffer {
  const { fields } = splitMessage(Buffer.from(`${header.join('\r\n')}\r\n\r\nx`))!;
  return oofReply({
    account: KIM,
    to: 'alex@sender.test',
    fields,
    message: { enabled: true, text: 'Back on Monday.\nKim', html: false },
    id: '01ID',
    now: Date.UTC(2026, 5, 1, 12),
    hostname: 'mx.example.test',
    ...over,
  });
}
const head = (raw: Buffer) => raw.toString('latin1').split('\r\n\r\n', 1)[0]!;

describe('the message', () => {
  test('says whose it is, what it answers and that no person wrote it', async () => {
    const raw = reply(['Subject: Lunch?', 'Message-ID: <1@sender.test>']);
    const lines = head(raw).split('\r\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'From: "Kim Doe" <kim@example.test>',
        'To: alex@sender.test',
        'Subject: Automatic reply: Lunch?',
        'In-Reply-To: <1@sender.test>',
        'References: <1@sender.test>',
        'Auto-Submitted: auto-replied',
        'X-Auto-Response-Suppress: All',
        'Message-ID: <oof.01ID@mx.example.test>',
        'Date: Mon, 01 Jun 2026 12:00:00 +0000',
      ]),
    );
    const parsed = await PostalMime.parse(raw);
    expect(parsed.text?.trim()).toBe('Back on Monday.\nKim');
    expect(parsed.html).toBeUndefined();
  });

  test('continues the thread', () => {
    const references = (...header: string[]) => /^References: (.*)$/m.exec(head(reply(header)))?.[1];
    expect(references('Message-ID: <3@s.test>', 'References: <1@s.test>', ' <2@s.test>')).toBe(
      '<1@s.test> <2@s.test> <3@s.test>',
    );
    expect(references('Message-ID: <3@s.test>', 'In-Reply-To: <2@s.test>')).toBe('<2@s.test> <3@s.test>');
    expect(references('Message-ID: <3@s.test>', 'In-Reply-To: <2@s.test> <1@s.test>')).toBe('<3@s.test>');
    expect(references('Subject: no id')).toBeUndefined();
    const many = Array.from({ length: 60 }, (_, n) => `<${n}@s.test>`).join(' ');
    const kept = references('Message-ID: <end@s.test>', `References: ${many}`)!.split(' ');
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([20, '<0@s.test>', '<end@s.test>']);
  });

  test('in HTML has its text beside it', async () => {
    const parsed = await PostalMime.parse(
      reply(['Subject: x'], { message: { enabled: true, text: '<p>Zurück am <b>Montag</b></p>', html: true } }),
    );
    expect(parsed.html).toContain('<b>Montag</b>');
    expect(parsed.text?.trim()).toBe('Zurück am Montag');
  });

  test('has no subject but its own where there is none', () => {
    expect(head(reply(['X: y']))).toContain('Subject: Automatic reply\r\n');
  });

  test('has a header of its own lines, whatever the other one says (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.boolean(), (subject, text, html) => {
        const raw = reply([`Subject: ${subject.replace(/[\r\n]/g, ' ')}`, 'Message-ID: <1@s.test>'], {
          message: { enabled: true, text, html },
        });
        const names = head(raw)
          .split(/\r\n(?![ \t])/)
          .map((line) => line.slice(0, line.indexOf(':')));
        expect(new Set(names).size).toBe(names.length);
        expect(names).toHaveLength(html ? 11 : 12);
        expect(
          Math.max(
            ...raw
              .toString('latin1')
              .split('\r\n')
              .map((line) => line.length),
          ),
        ).toBeLessThan(998);
      }),
    );
  });
});
