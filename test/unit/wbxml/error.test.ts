import { describe, expect, test } from 'vitest';
import { WbxmlError } from '../../../lib/wbxml/index.ts';

describe('an error of the codec', () => {
  test.each([
    ['its problem', new WbxmlError('wbxml', 'Not a token'), 'Not a token'],
    ['and its path', new WbxmlError('value', 'Not a string', 'Ping/Status'), 'Not a string at Ping/Status'],
    ['and its byte', new WbxmlError('xml', 'Too few', 'Ping', 0), 'Too few at Ping (byte 0)'],
    ['or its byte alone', new WbxmlError('wbxml', 'Too short', '', 4), 'Too short (byte 4)'],
  ])('says %s', (_, error, message) => {
    expect(error.message).toBe(message);
  });

  test('keeps the parts, for those who build another from it', () => {
    const error = new WbxmlError('limit', 'Too many elements');
    expect({ ...error }).toEqual({
      name: 'WbxmlError',
      reason: 'limit',
      problem: 'Too many elements',
      path: '',
      offset: undefined,
    });
  });
});
