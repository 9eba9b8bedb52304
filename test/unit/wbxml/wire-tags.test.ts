import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseVersion } from '../../../lib/protocol/versions.ts';
import { WbxmlElement, WbxmlReader, WbxmlWriter } from '../../../lib/wbxml/index.ts';
import type { Namespace } from '../../../lib/wbxml/pages.ts';
import { namespaceName, tagCoded } from '../../../lib/wbxml/tags.ts';

interface Row {
  readonly id: string;
  readonly page: number;
  readonly token: number;
  readonly tag: string;
  readonly since: string;
  readonly last: string;
}

/** What each requirement id of MS-ASWBXML says of one tag; it was derived apart from the code pages in lib. */
const rows: readonly Row[] = readFileSync(path.join(import.meta.dirname, '../../fixtures/wbxml-tags.tsv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [id, page, token, tag, since, last] = line.split('\t') as [string, string, string, string, string, string];
    return { id, page: Number(page), token: Number.parseInt(token, 16), tag, since, last };
  });

describe('on the wire', () => {
  test('the table is whole', () => {
    expect(rows).toHaveLength(450);
  });

  test.each(rows)('$tag is token $token of page $page [MS-ASWBXML $id]', ({ page, token, tag, since, last }) => {
    const { page: named, token: coded } = WbxmlElement.of(namespaceName(page) as Namespace, tag);
    const writer = new WbxmlWriter();
    writer.beginDocument();
    writer.start(named, coded);
    writer.end();
    const bytes = writer.toDocument();
    expect([...bytes.subarray(4)]).toEqual(page === 0 ? [token] : [0x00, page, token]);

    const reader = new WbxmlReader(bytes);
    reader.next();
    const info = tagCoded(reader.page, reader.token)!;
    expect(info.tag).toBe(tag);
    if (since === '') return;
    // "All" begins with 2.5; a tag without a gate has them all.
    expect(info.since === 0 ? 25 : info.since).toBe(parseVersion(since));
    expect(info.until).toBeGreaterThanOrEqual(parseVersion(last)!);
    if (last === '14.1') expect(info.until).toBe(141);
  });

  test.each([
    ['[MS-ASWBXML R10]', 0, 'AirSync'],
    ['[MS-ASWBXML R11]', 1, 'Contacts'],
    ['[MS-ASWBXML R12]', 2, 'Email'],
    ['[MS-ASWBXML R14]', 4, 'Calendar'],
    ['[MS-ASWBXML R15]', 5, 'Move'],
    ['[MS-ASWBXML R16]', 6, 'GetItemEstimate'],
    ['[MS-ASWBXML R17]', 7, 'FolderHierarchy'],
    ['[MS-ASWBXML R18]', 8, 'MeetingResponse'],
    ['[MS-ASWBXML R19]', 9, 'Tasks'],
    ['[MS-ASWBXML R20]', 10, 'ResolveRecipients'],
    ['[MS-ASWBXML R21]', 11, 'ValidateCert'],
    ['[MS-ASWBXML R22]', 12, 'Contacts2'],
    ['[MS-ASWBXML R23]', 13, 'Ping'],
    ['[MS-ASWBXML R24]', 14, 'Provision'],
    ['[MS-ASWBXML R25]', 15, 'Search'],
    ['[MS-ASWBXML R26]', 16, 'GAL'],
    ['[MS-ASWBXML R27]', 17, 'AirSyncBase'],
    ['[MS-ASWBXML R28]', 18, 'Settings'],
    ['[MS-ASWBXML R29]', 19, 'DocumentLibrary'],
    ['[MS-ASWBXML R30]', 20, 'ItemOperations'],
    ['[MS-ASWBXML R31]', 21, 'ComposeMail'],
    ['[MS-ASWBXML R32]', 22, 'Email2'],
    ['[MS-ASWBXML R33]', 23, 'Notes'],
    ['[MS-ASWBXML R34]', 24, 'RightsManagement'],
  ])('%s page %i is %s', (_, page, namespace) => {
    expect(namespaceName(page)).toBe(namespace);
  });
});
