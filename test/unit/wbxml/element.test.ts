import { describe, expect, test } from 'vitest';
import { parseDocument, WbxmlElement, WbxmlError } from '../../../lib/wbxml/index.ts';

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');

function failing(hex: string): WbxmlError {
  try {
    parseDocument(bytes(hex));
  } catch (error) {
    if (error instanceof WbxmlError) return error;
    throw error;
  }
  throw new Error('was read');
}

describe('a document as a tree', () => {
  test('has names, places and content', () => {
    const root = parseDocument(
      bytes('03 01 6a 00 45 5c 4f 4b 03 31 00 01 01 4f 4b 03 32 00 01 52 c3 01 41 01 01 01 01'),
    );
    const second = root.children[0]!.children[1]!;
    expect(root.namespace).toBe('AirSync');
    expect(second.path).toBe('Sync/Collections/Collection[2]');
    expect(second.offset).toBe(13);
    expect(second.child('AirSync', 'SyncKey')!.path).toBe('Sync/Collections/Collection[2]/SyncKey');
    expect(second.child('AirSync', 'SyncKey')!.text()).toBe('2');
    expect(second.child('AirSync', 'CollectionId')!.content).toEqual(Uint8Array.of(0x41));
    expect(second.child('AirSync', 'CollectionId')!.text()).toBe('A');
    expect(second.child('AirSync', 'Class')).toBeUndefined();
    expect(root.text()).toBe('');
  });

  test('tells elements of one token apart by their pages', () => {
    // 0x0B is PolicyStatus there and SyncKey here.
    const root = parseDocument(bytes('03 01 6a 00 45 00 0e 0b 00 00 4b 03 6b 00 01 01'));
    expect(root.children.map(({ namespace }) => namespace)).toEqual(['Provision', 'AirSync']);
    expect(root.child('AirSync', 'SyncKey')!.text()).toBe('k');
    expect(root.child('AirSync', 'SyncKey')!.path).toBe('Sync/SyncKey');
  });

  test('leaves NULs out of text that came as bytes', () => {
    expect(parseDocument(bytes('03 01 6a 00 45 c3 04 61 00 62 00 01')).text()).toBe('ab');
  });

  test('joins what a client cut into pieces', () => {
    const root = parseDocument(bytes('03 01 6a 00 45 03 61 00 02 40 03 62 00 01'));
    expect(root.text()).toBe('a@b');
  });

  test.each([
    ['strings and bytes', '45 03 61 00 c3 01 62 01'],
    ['bytes twice', '45 c3 01 61 c3 01 62 01'],
    ['bytes and strings', '45 c3 01 61 03 62 00 01'],
  ])('does not join %s, which could be done only by copying again and again', (_, hex) => {
    expect(failing(`03 01 6a 00 ${hex}`)).toMatchObject({ reason: 'wbxml', path: 'Sync' });
  });

  test.each([
    ['in the second of two twins', '45 5c 4f 01 4f 4b 03 31', 'Sync/Collections/Collection[2]/SyncKey', 10],
    ['in an only child', '45 5c 4f 4b 03 31', 'Sync/Collections/Collection/SyncKey', 8],
    ['at a tag with attributes', '45 5c 8f', 'Sync/Collections', 6],
    ['in the header', '', '', 4],
  ])('an error %s says where', (_, hex, path, offset) => {
    const error = failing(`03 01 6a 00 ${hex}`);
    expect({ path: error.path, offset: error.offset }).toEqual({ path, offset });
  });

  test('is made by hand for tests', () => {
    const element = WbxmlElement.of('Email', 'Flag', [WbxmlElement.of('Tasks', 'Subject', 's')]);
    expect(element.children[0]!.path).toBe('Flag/Subject');
    expect(() => WbxmlElement.of('Email', 'Subjekt')).toThrow(TypeError);
  });
});
