import { describe, expect, test } from 'vitest';
import { changeOf, shownOof } from '../../../../lib/commands/settings/oof.ts';
import type { OofMessage, OofSettings } from '../../../../lib/delivery/oof/settings.ts';

const SILENT: OofMessage = { enabled: false, text: '', html: false };
const OFF: OofSettings = { state: 0, period: '', messages: { internal: SILENT, known: SILENT, unknown: SILENT } };
const AWAY: OofSettings = { ...OFF, state: 2, start: 10, end: 20 };

/** What comes of one message for the own people. */
const messageOf = (message: object) =>
  changeOf({ OofMessage: [{ AppliesToInternal: true, ...message }] }, OFF).messages?.internal;
const refused = (status: number) => expect.objectContaining({ status });

describe('the times of an absence', () => {
  test.each([
    ['those that come with it', { OofState: 2, StartTime: 1, EndTime: 2 }, OFF, { state: 2, start: 1, end: 2 }],
    ['those before, where none come', { OofState: 2 }, AWAY, { state: 2, start: 10, end: 20 }],
    ['new ones for an absence that there is', { StartTime: 11, EndTime: 12 }, AWAY, { state: 2, start: 11, end: 12 }],
    ['none with no end to the absence [MS-ASCMD R7544]', { OofState: 1, StartTime: 1, EndTime: 2 }, AWAY, { state: 1 }],
    ['none, whichever way round [MS-ASCMD R7544]', { OofState: 0, StartTime: 2, EndTime: 1 }, AWAY, { state: 0 }],
  ])('are %s', (_, set, before, expected) => {
    expect(changeOf(set, before)).toEqual({ ...expected, messages: {} });
  });

  test.each([
    ['missing', { OofState: 2 }, OFF, 5],
    ['without an end, before as now', { OofState: 2 }, { ...OFF, start: 10 }, 5],
    ['without a start, before as now', { OofState: 2 }, { ...OFF, end: 10 }, 5],
    ['one moment', { OofState: 2, StartTime: 5, EndTime: 5 }, OFF, 6],
    ['backwards [MS-ASCMD R5385 R5583]', { OofState: 2, StartTime: 6, EndTime: 5 }, OFF, 6],
  ])('are refused when %s', (_, set, before, status) => {
    expect(() => changeOf(set, before)).toThrow(refused(status));
  });
});

describe('the text of a reply', () => {
  test.each([
    ['', {}, SILENT],
    ['switched on', { Enabled: true }, { ...SILENT, enabled: true }],
    ['without a type', { ReplyMessage: 'Away' }, { enabled: false, text: 'Away', html: false }],
    ['of a type in spaces', { ReplyMessage: 'x', BodyType: ' html\n' }, { enabled: false, text: 'x', html: true }],
    ['of a type in capitals', { ReplyMessage: 'x', BodyType: 'TEXT' }, { enabled: false, text: 'x', html: false }],
  ])('is what came: %s', (_, message, expected) => {
    expect(messageOf(message)).toEqual(expected);
  });

  test('is 32 KiB at most', () => {
    expect(messageOf({ ReplyMessage: 'é'.repeat(16_384) })?.text).toHaveLength(16_384);
    expect(() => messageOf({ ReplyMessage: `${'é'.repeat(16_384)}.` })).toThrow(refused(5));
  });

  test('is for each audience that it names', () => {
    const message = { AppliesToInternal: true, AppliesToExternalUnknown: true, Enabled: true };
    const enabled = { ...SILENT, enabled: true };
    expect(changeOf({ OofMessage: [message] }, OFF).messages).toEqual({ internal: enabled, unknown: enabled });
  });

  test.each([
    [undefined, false, 'Text', 'a < b'],
    [undefined, true, 'HTML', 'a < b'],
    [' Text ', false, 'Text', 'a < b'],
    [' HTML ', true, 'HTML', 'a < b'],
  ])('is shown as it is kept where %j is asked for and HTML is %j [MS-ASCMD R826]', (wanted, html, type, text) => {
    const settings = { ...OFF, messages: { ...OFF.messages, known: { enabled: true, text: 'a < b', html } } };
    expect(shownOof(settings, wanted).OofMessage?.[1]).toEqual({
      AppliesToInternal: false,
      AppliesToExternalKnown: true,
      AppliesToExternalUnknown: false,
      Enabled: true,
      ReplyMessage: text,
      BodyType: type,
    });
  });
});
