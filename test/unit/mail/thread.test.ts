import { describe, expect, test } from 'vitest';
import { messageIds, referencesOf, threadOf, topicOf } from '../../../lib/mail/thread.ts';

const SENT = Date.UTC(2026, 0, 15, 12);
const source = { threadIndex: undefined, references: [], messageId: undefined, topic: 't', sent: SENT };
const index = (levels: number, guid = '11') =>
  Buffer.from(`01d9a1b2c3d4${guid.repeat(16)}${'0a0b0c0d0e'.repeat(levels)}`, 'hex').toString('base64');

describe('the topic of a subject', () => {
  test.each([
    ['Re: Lunch', 'Lunch'],
    ['RE: AW: Fwd: WG: Lunch', 'Lunch'],
    ['Re[3]: Lunch', 'Lunch'],
    ['SV: VS: Lunch', 'Lunch'],
    ['回复：午餐', '午餐'],
    ['Regarding: Lunch', 'Regarding: Lunch'],
    ['Re:', ''],
    ['Lunch Re: x', 'Lunch Re: x'],
  ])('%s', (subject, topic) => {
    expect(topicOf(subject)).toBe(topic);
  });
});

describe('references', () => {
  test('are in order, once each, In-Reply-To last', () => {
    expect(referencesOf('<a@x> <b@x>\r\n <a@x>', '<c@x>')).toEqual(['<a@x>', '<b@x>', '<c@x>']);
    expect(messageIds('no id, <not an id>, <ok@x>')).toEqual(['<ok@x>']);
  });

  test('of a long thread keep the root and the newest', () => {
    const ids = Array.from({ length: 100 }, (_, n) => `<${n}@x>`);
    const kept = referencesOf(ids.join(' '), undefined);
    expect(kept).toHaveLength(20);
    expect([kept[0], kept[1], kept.at(-1)]).toEqual(['<0@x>', '<81@x>', '<99@x>']);
  });
});

describe('a conversation', () => {
  const idOf = (over: Partial<typeof source> | object) => threadOf({ ...source, ...over }).conversationId;

  test('joins a message, its replies and their replies', () => {
    const root = idOf({ messageId: '<root@x>' });
    expect(idOf({ messageId: '<two@x>', references: ['<root@x>'] })).toBe(root);
    expect(idOf({ messageId: '<three@x>', references: ['<root@x>', '<two@x>'] })).toBe(root);
    expect(idOf({ messageId: '<other@x>' })).not.toBe(root);
  });

  test('joins Outlook and those that keep only References', () => {
    const root = idOf({ messageId: '<root@x>', threadIndex: index(0) });
    expect(idOf({ messageId: '<a@x>', references: ['<root@x>'], threadIndex: index(1) })).toBe(root);
    expect(idOf({ messageId: '<b@x>', references: ['<root@x>', '<a@x>'] })).toBe(root);
  });

  test('of replies without References goes by the GUID of Thread-Index', () => {
    const reply = idOf({ messageId: '<a@x>', threadIndex: index(1) });
    expect(idOf({ messageId: '<b@x>', threadIndex: index(2) })).toBe(reply);
    expect(idOf({ messageId: '<b@x>', threadIndex: index(2, '22') })).not.toBe(reply);
  });

  test('of a message that says nothing goes by its topic', () => {
    expect(idOf({})).toBe(idOf({}));
    expect(idOf({ topic: 'else' })).not.toBe(idOf({}));
  });
});

describe('the index of a conversation', () => {
  const made = (over: object) => threadOf({ ...source, messageId: '<m@x>', ...over }).conversationIndex;

  test('is the one that came, folded or not', () => {
    const folded = index(2).replace(/(.{20})/g, '$1\r\n ');
    expect(made({ threadIndex: folded })).toBe(Buffer.from(index(2), 'base64').toString('hex'));
  });

  test.each(['', 'AAAA', '!!!', Buffer.alloc(24).toString('base64'), Buffer.alloc(22 + 5 * 51).toString('base64')])(
    'is made anew where %j came',
    (threadIndex) => {
      expect(made({ threadIndex })).toMatch(/^01[0-9a-f]{42}$/);
    },
  );

  test('made here has the FILETIME of sending [MS-ASCON R95 R304]', () => {
    const high = BigInt(`0x${made({}).slice(0, 12)}`) << 16n;
    const sent = Number(high / 10_000n) - 11_644_473_600_000;
    expect(Math.abs(sent - SENT)).toBeLessThan(10);
  });

  test('of a reply has a level more [MS-ASCON R87]', () => {
    expect(made({ references: ['<r@x>'] })).toHaveLength(44 + 10);
  });
});
