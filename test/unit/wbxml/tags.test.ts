import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { CODE_PAGES } from '../../../lib/wbxml/pages.ts';
import { namespaceName, tagCoded, tagName, tagNamed } from '../../../lib/wbxml/tags.ts';

const TABLE = path.join(
  process.env.PROTOCOL_DIR ?? path.resolve(import.meta.dirname, '../../../../shared/protocol'),
  'codepages.tsv',
);

describe('the code pages', () => {
  test('are 26 with 644 tags, every name and every token once', () => {
    expect(CODE_PAGES.map(({ page }) => page)).toEqual(Array.from({ length: 26 }, (_, page) => page));
    const tags = CODE_PAGES.flatMap((page) => page.tags);
    expect(tags).toHaveLength(644);
    for (const { namespace, tags: rows } of CODE_PAGES) {
      expect(new Set(rows.map(([token]) => token)).size, namespace).toBe(rows.length);
      expect(new Set(rows.map(([, tag]) => tag)).size, namespace).toBe(rows.length);
      for (const [token] of rows) expect(token >= 5 && token <= 0x3f, `${namespace} ${token}`).toBe(true);
    }
  });

  test.skipIf(!existsSync(TABLE))('say what the table of MS-ASWBXML says', () => {
    const rows = readFileSync(TABLE, 'utf8').trim().split('\n').slice(1);
    const expected = rows.map((row) => {
      const [page, namespace, token, tag, versions] = row.split('\t') as [string, string, string, string, string];
      return { page: Number(page), namespace, token: Number(token), tag, versions: spelled(tag, versions) };
    });
    const actual = CODE_PAGES.flatMap(({ page, namespace, tags }) =>
      tags.map(([token, tag, since = 25, until = 161]) => ({ page, namespace, token, tag, versions: [since, until] })),
    );
    expect(actual).toEqual(expected);
  });
});

/** Where the table stops at 16.0, MS-ASPROV and MS-ASWBXML R354 and R372 go on to 16.1. */
const FORGOTTEN = ['MaxDevicePasswordFailedAttempts', 'MaxCalendarAgeFilter'];

/** The versions of a row are one run without gaps. */
function spelled(tag: string, versions: string): number[] {
  if (versions === 'All') return [25, 161];
  if (versions === '2.5-legacy') return [25, 25];
  const numbers = versions.split(',').map((version) => Math.round(Number(version) * 10));
  return [numbers[0]!, FORGOTTEN.includes(tag) ? 161 : numbers.at(-1)!];
}

describe('a tag', () => {
  test.each([
    ['AirSync', 'Sync', 0, 0x05],
    ['Ping', 'HeartbeatInterval', 13, 0x08],
    ['AirSyncBase', 'InstanceId', 17, 0x2d],
    ['Find', 'MaxPictures', 25, 0x20],
  ] as const)('%s:%s is found by name and by code', (namespace, tag, page, token) => {
    expect(tagNamed(namespace, tag)).toMatchObject({ page, token });
    expect(tagCoded(page, token)).toMatchObject({ namespace, tag });
  });

  test('carries its versions', () => {
    expect(tagNamed('AirSync', 'Sync')).toMatchObject({ since: 0 });
    expect(tagNamed('AirSync', 'HeartbeatInterval')).toMatchObject({ since: 140 });
    expect(tagNamed('Email', 'GlobalObjId')).toMatchObject({ until: 141 });
    expect(tagNamed('Email', 'MIMEData')).toMatchObject({ since: 25, until: 25 });
  });

  test('that nobody defined is named by its number', () => {
    expect(tagName(0, 0x3f)).toBe('#3F');
    expect(tagName(99, 0x05)).toBe('#05');
    expect(namespaceName(99)).toBe('#99');
  });

  test('that a schema misspells is a mistake in the program', () => {
    expect(() => tagNamed('Ping', 'HeartBeatInterval')).toThrow(
      new TypeError('No tag HeartBeatInterval in code page Ping'),
    );
  });
});
