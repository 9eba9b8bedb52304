import { describe, expect, test } from 'vitest';
import { writtenMessage } from '../../../../lib/commands/compose/forwardees.ts';
import type { ComposeRequest } from '../../../../lib/commands/compose/request.ts';

const asked = (over: Partial<ComposeRequest>): ComposeRequest => {
  return { verb: 'forward', clientId: 'c', saveInSent: false, replaceMime: false, ...over };
};
const written = (over: Partial<ComposeRequest>, subject = 'Report') =>
  Buffer.from(writtenMessage(asked(over), subject)).toString('utf8');
const CARL = [{ Name: 'Carl', Email: 'carl@else.test' }];
const MIME = Buffer.from('To: a@b.test\r\n\r\n');

describe('the message that the client wrote', () => {
  test('goes as it is', () => {
    expect(writtenMessage(asked({ mime: MIME }), 'Report')).toBe(MIME);
  });

  test('must be there where nobody is named to forward to', () => {
    expect(() => writtenMessage(asked({}), '')).toThrow(expect.objectContaining({ status: 103 }));
  });
});

describe('the message that a client did not write', () => {
  test.each([
    ['plain', { body: { type: 1, data: 'Grüße' } }, 'text/plain', 'Grüße'],
    ['HTML', { body: { type: 2, data: '<b>Hi' } }, 'text/html', '<b>Hi'],
    ['empty where there is no Body', {}, 'text/plain', ''],
  ])('has a text that is %s', (_, over, type, body) => {
    const message = written({ forwardees: CARL, ...over });
    expect(message.split('\r\n')).toEqual([
      expect.stringMatching(/^To: "?Carl"? <carl@else\.test>$/),
      'Subject: FW: Report',
      `Content-Type: ${type}; charset=utf-8`,
      'Content-Transfer-Encoding: 8bit',
      '',
      body,
    ]);
  });

  test.each([
    ['Report', 'FW: Report'],
    ['', 'FW:'],
    ['FW: Report', 'FW: Report'],
    ['fw: Report', 'fw: Report'],
    ['The FW: thing', 'FW: The FW: thing'],
  ])('of %j has the subject %j', (subject, expected) => {
    const line = written({ forwardees: CARL }, subject).split('\r\n')[1];
    expect(line!.trimEnd()).toBe(`Subject: ${expected}`);
  });

  test('is for each of the forwardees, with a name or without', () => {
    const to = written({ forwardees: [...CARL, { Email: ' dora@else.test ' }] }).split('\r\n')[0];
    expect(to).toMatch(/^To: "?Carl"? <carl@else\.test>, <?dora@else\.test>?$/);
  });

  test.each<[string, Partial<ComposeRequest>, number]>([
    ['a message [MS-ASCMD R7467]', { mime: MIME }, 178],
    ['SaveInSentItems', { saveInSent: true }, 178],
    ['ReplaceMime', { replaceMime: true }, 178],
    ['a template', { templateId: 't' }, 178],
    ['one of them that is no address [MS-ASCMD R7470]', { forwardees: [...CARL, { Email: 'dora' }] }, 179],
    ['none of them', { forwardees: [] }, 179],
    ['a Body and none of them', { forwardees: undefined, body: { type: 1, data: '' } }, 179],
  ])('is none beside %s', (_, over, status) => {
    expect(() => written({ forwardees: CARL, ...over })).toThrow(expect.objectContaining({ status }));
  });
});
