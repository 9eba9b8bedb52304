import { describe, expect, test } from 'vitest';
import { parseDocument, toXml, WbxmlElement } from '../../../lib/wbxml/index.ts';
import { elementXml } from '../../../lib/wbxml/xml.ts';

const of = WbxmlElement.of;

describe('a document as XML', () => {
  test.each([
    ['an empty element', of('Ping', 'Ping'), '<Ping xmlns="Ping"/>'],
    [
      'namespaces where they begin',
      of('AirSync', 'Sync', [
        of('AirSync', 'Status', '1'),
        of('Email', 'Flag', [of('Email', 'Status'), of('AirSync', 'Class')]),
      ]),
      '<Sync xmlns="AirSync"><Status>1</Status><Flag xmlns="Email"><Status/><Class xmlns="AirSync"/></Flag></Sync>',
    ],
    [
      'characters with a meaning',
      of('Email', 'Subject', '<a> & "b"\r\n'),
      '<Subject xmlns="Email">&lt;a&gt; &amp; "b"&#13;\n</Subject>',
    ],
    [
      'characters that XML cannot hold',
      of('Email', 'Subject', '\u0001a\ufffe\ud800😀'),
      '<Subject xmlns="Email">\ufffda\ufffd\ufffd😀</Subject>',
    ],
    [
      'bytes',
      of('Email2', 'ConversationId', Uint8Array.of(0, 255)),
      '<ConversationId xmlns="Email2">AP8=</ConversationId>',
    ],
    ['what nobody defined', new WbxmlElement(77, 0x2b), '<unknown-2B xmlns="unknown-77"/>'],
  ])('shows %s', (_, element, expected) => {
    expect(elementXml(element, '')).toBe(expected);
  });

  test('begins with a declaration', () => {
    const bytes = Uint8Array.from([0x03, 0x01, 0x6a, 0x00, 0x05]);
    expect(toXml(bytes)).toBe(`<?xml version="1.0" encoding="UTF-8"?>\n${elementXml(parseDocument(bytes), '')}`);
  });
});
