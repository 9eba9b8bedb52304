import { describe, expect, test } from 'vitest';
import { WbxmlError } from '../../../lib/wbxml/index.ts';

describe('an error of the codec', () => {
  test('says its problem, and where it is as far as that is known', () => {
    expect(new WbxmlError('wbxml', 'Not a token').message).toBe('Not a token');
    expect(new WbxmlError('value', 'Not a string', 'Ping/Status').message).toBe('Not a string at Ping/Status');
    expect(new WbxmlError('xml', 'Too few', 'Ping', 0).message).toBe('Too few at Ping (byte 0)');
    expect(new WbxmlError('wbxml', 'Too short', '', 4).message).toBe('Too short (byte 4)');
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
