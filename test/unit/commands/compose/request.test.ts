import { describe, expect, test } from 'vitest';
import { composeRequest, fromDerivedMessage, fromMessage } from '../../../../lib/commands/compose/request.ts';
import type { EasQuery } from '../../../../lib/http/types.ts';
import type { DeviceId } from '../../../../lib/ops/ids.ts';

const MIME = Buffer.from('Subject: x\r\n\r\n');
const query = (over: Partial<EasQuery> = {}): EasQuery => {
  return { command: 'SendMail', deviceId: 'd' as DeviceId, deviceType: 'Phone', encoding: 'plain', ...over };
};

describe('a request to send', () => {
  test('says no to all that it does not name', () => {
    expect(composeRequest('send', { ClientId: 'c', Mime: MIME })).toEqual({
      verb: 'send',
      clientId: 'c',
      saveInSent: false,
      replaceMime: false,
      mime: MIME,
    });
  });

  test('names account, template, copy, source, forwardees and body', () => {
    const request = composeRequest('forward', {
      ClientId: 'c',
      AccountId: 'a',
      TemplateID: 't',
      SaveInSentItems: true,
      ReplaceMime: true,
      Source: { FolderId: 'f', ItemId: 'f:i' },
      Forwardees: { Forwardee: [{ Email: 'bob@example.com' }] },
      Body: { Type: 2, Data: '<p>' },
    });
    expect(request).toEqual({
      verb: 'forward',
      clientId: 'c',
      accountId: 'a',
      templateId: 't',
      saveInSent: true,
      replaceMime: true,
      source: { folder: 'f', item: 'f:i', instance: false },
      forwardees: [{ Email: 'bob@example.com' }],
      body: { type: 2, data: '<p>' },
    });
  });

  test('is of one occurrence where it names one, and has no text where it says none', () => {
    const source = composeRequest('reply', { ClientId: 'c', Source: { LongId: 'l', InstanceId: 0 } }).source;
    expect(source).toEqual({ longId: 'l', instance: true });
    expect(composeRequest('forward', { ClientId: 'c', Body: { Type: 1 } }).body).toEqual({ type: 1, data: '' });
  });
});

describe('a message that is the whole body of a request', () => {
  test('is sent, and kept where the query says so', () => {
    expect(fromMessage(MIME, query())).toEqual({ ClientId: '', SaveInSentItems: false, Mime: MIME });
    expect(fromMessage(MIME, query({ saveInSent: true })).SaveInSentItems).toBe(true);
    expect(fromMessage(MIME, query({ saveInSent: false })).SaveInSentItems).toBe(false);
  });

  test('answers the source of the query, which is quoted', () => {
    const whole = { collectionId: 'f', itemId: 'f:i', longId: 'l', occurrence: '20260115T100000Z' } as never;
    expect(fromDerivedMessage(MIME, query(whole))).toEqual({
      ClientId: '',
      SaveInSentItems: false,
      Mime: MIME,
      ReplaceMime: false,
      Source: { FolderId: 'f', ItemId: 'f:i', LongId: 'l', InstanceId: 0 },
    });
    expect(fromDerivedMessage(MIME, query({ itemId: 'f:i' })).Source).toEqual({ ItemId: 'f:i' });
  });
});
