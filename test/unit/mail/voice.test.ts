import { describe, expect, test } from 'vitest';
import { Headers } from '../../../lib/mail/headers.ts';
import { parseMessage } from '../../../lib/mail/parse.ts';
import { voiceClass, voiceOf } from '../../../lib/mail/voice.ts';

const headers = (fields: Readonly<Record<string, string>>) =>
  new Headers(Object.entries(fields).map(([key, value]) => ({ key, value })));
const wav = (name: string) => ({ name, contentType: 'audio/wav' });

describe('the class of a voice message', () => {
  test.each([
    ['voice', 'IPM.Note.Microsoft.Voicemail.UM'],
    ['urn:content-class:voice', 'IPM.Note.Microsoft.Voicemail.UM'],
    ['urn:content-classes:voice', 'IPM.Note.Microsoft.Voicemail.UM'],
    [' URN:Content-Class:Voice-CA ', 'IPM.Note.Microsoft.Voicemail.UM.CA'],
    ['missedcall', 'IPM.Note.Microsoft.Missed.Voice'],
    ['urn:content-classes:message', undefined],
    ['constructor', undefined],
    ['', undefined],
  ])('of the content class %j is %s', (value, expected) => {
    expect(voiceClass(headers({ 'content-class': value }))).toBe(expected);
  });

  test('is none without a content class', () => {
    expect(voiceClass(headers({}))).toBeUndefined();
  });
});

describe('recordings', () => {
  const order = (fields: Readonly<Record<string, string>>, ...names: string[]) =>
    voiceOf(headers(fields), names.map(wav)).recordings.map(({ n, order: place }) => [names[n], place]);

  test('are told by X-AttachmentOrder, the newest first', () => {
    const fields = { 'x-attachmentorder': 'b.wav;a.wav; c.wav' };
    expect(order(fields, 'a.wav', 'b.wav', 'c.wav')).toEqual([
      ['b.wav', 1],
      ['a.wav', 2],
      ['c.wav', 3],
    ]);
  });

  test('that are not in it come last, and without it the last attached is the newest', () => {
    expect(order({ 'x-attachmentorder': 'b.wav' }, 'a.wav', 'b.wav', 'c.wav').map(([name]) => name)).toEqual([
      'b.wav',
      'c.wav',
      'a.wav',
    ]);
    expect(order({}, 'a.wav', 'b.wav').map(([name]) => name)).toEqual(['b.wav', 'a.wav']);
  });

  test('are the audio files alone, by their number among all attachments', () => {
    const files = [{ name: 'notes.txt', contentType: 'text/plain' }, wav('a.wav')];
    expect(voiceOf(headers({}), files).recordings).toEqual([{ n: 1, order: 1 }]);
  });

  test.each([
    ['12', 12],
    ['0', 0],
    ['86400', 86_400],
    ['86401', undefined],
    ['-1', undefined],
    ['long', undefined],
  ])('of which the newest lasts %s seconds', (text, seconds) => {
    const { recordings } = voiceOf(headers({ 'x-voicemessageduration': text }), [wav('old.wav'), wav('new.wav')]);
    expect(recordings.map((one) => one.seconds)).toEqual([seconds, undefined]);
  });
});

describe('a caller', () => {
  test.each([
    ['+1 555 0100', '+1 555 0100'],
    [' +1555\r\n0100 ', '+1555 0100'],
    ['9'.repeat(300), '9'.repeat(256)],
    ['', undefined],
  ])('%j', (number, expected) => {
    expect(voiceOf(headers({ 'x-callingtelephonenumber': number }), []).callerId).toBe(expected);
  });
});

test('a content class that is the name of a property leaves the message as it is', async () => {
  const raw = Buffer.from('Subject: x\r\nContent-Class: constructor\r\nContent-Type: text/html\r\n\r\n<p>x');
  expect(await parseMessage(raw, { now: 0 })).toMatchObject({
    messageClass: 'IPM.Note',
    nativeBody: 2,
    degraded: undefined,
  });
});
