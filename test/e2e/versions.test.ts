import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FindResponse } from '../../lib/documents/find.ts';
import { type ProtocolVersion, versionName } from '../../lib/protocol/versions.ts';
import { decode } from '../../lib/wbxml/index.ts';
import { since, startServer, VERSIONS } from './harness.ts';
import { sharedServer } from './shared.ts';

const shared = sharedServer();
const ALL = VERSIONS.map(versionName).join(',');

/** Commands that not every version has, and the versions that have them (MS-ASCMD 2.2.1). */
const SOME: Readonly<Record<string, readonly ProtocolVersion[]>> = {
  GetAttachment: [25, 120, 121],
  GetHierarchy: [25, 120, 121],
  Settings: since(120),
  ItemOperations: since(120),
  Find: since(161),
};
const CASES = Object.entries(SOME).flatMap(([command, has]) =>
  VERSIONS.map((version) => [command, version, has.includes(version)] as const),
);

describe('the table of docs/protocol-support.md', () => {
  it('says which versions have which command', () => {
    const text = readFileSync(new URL('../../docs/protocol-support.md', import.meta.url), 'utf8');
    const rows = text.split('\n').filter((line) => /^\| \w+ (\| (yes|400|138) ){7}\| /.test(line));
    const told = rows.map((row) =>
      row
        .split('|')
        .slice(1, 9)
        .map((cell) => cell.trim()),
    );
    const some = told.filter((cells) => cells.slice(1).some((cell) => cell !== 'yes'));
    const said = (command: string, version: ProtocolVersion) =>
      SOME[command]!.includes(version) ? 'yes' : command === 'Find' && version >= 140 ? '138' : '400';
    const expected = Object.keys(SOME).map((command) => [command, ...VERSIONS.map((one) => said(command, one))]);
    expect(some.toSorted()).toEqual(expected.toSorted());
  });
});

describe('what OPTIONS advertises', () => {
  it('is every version, and the commands of at least one [MS-ASHTTP R249 R297 R1107]', async () => {
    const person = await shared.person();
    const { headers } = await person.phone().client.discover();
    expect(headers['ms-asprotocolversions']).toBe(ALL);
    const commands = String(headers['ms-asprotocolcommands']).split(',');
    expect(commands).toEqual(expect.arrayContaining([...Object.keys(SOME), 'Sync', 'Ping']));
    // Neither is specified by any document; and what is not there must not be advertised.
    for (const none of ['CreateCollection', 'DeleteCollection', 'MoveCollection', 'Notify']) {
      expect(commands).not.toContain(none);
    }
  });

  it.each(VERSIONS)('is never answered 501, version %i', async (version) => {
    const person = await shared.person();
    const phone = person.phone({ version });
    const { headers } = await phone.client.discover();
    for (const command of String(headers['ms-asprotocolcommands']).split(',')) {
      expect((await phone.client.raw(command)).status, command).not.toBe(501);
    }
    for (const command of ['MoveCollection', 'Notify', 'ReadMinds']) {
      expect((await phone.client.raw(command)).status, command).toBe(501);
    }
  });

  it.each(CASES)('%s in version %i: %s [MS-ASCMD R4897 R7559 R6023 R6021]', async (command, version, has) => {
    const person = await shared.person();
    const phone = person.phone({ version });
    const { status, body } = await phone.client.raw(command);
    const lacks = !has && version >= 140 && command === 'Find' ? decode(FindResponse, body, 161).Status : undefined;
    if (lacks !== undefined) expect([status, lacks]).toEqual([200, 138]);
    else if (!has) expect(status).toBe(400);
    // No body, or no name of a file, is wrong as well; GetHierarchy asks for nothing.
    else if (command === 'GetHierarchy') expect(status).toBe(200);
    else expect([version < 140 ? 400 : 200, version]).toEqual([status, version]);
  });
});

describe('the versions of a server', () => {
  it.each([
    ['12.1', ['12.1'], ['Settings', 'GetAttachment'], ['Find']],
    ['2.5', ['2.5'], ['GetHierarchy'], ['Settings', 'ItemOperations', 'Find']],
    ['14.1,16.1', ['14.1', '16.1'], ['Find', 'ItemOperations'], ['GetAttachment', 'GetHierarchy']],
  ])('are a setting: %s', async (versions, spoken, has, lacks) => {
    const server = await startServer({ versions });
    const discovered = await server.phone().client.discover();
    expect(discovered.headers['ms-asprotocolversions']).toBe(spoken.join(','));
    const commands = String(discovered.headers['ms-asprotocolcommands']).split(',');
    expect(commands).toEqual(expect.arrayContaining([...has, 'Sync']));
    for (const command of lacks) expect(commands).not.toContain(command);
    for (const version of VERSIONS) {
      const { status, headers } = await server.phone({ version }).client.folderSync({ SyncKey: '0' });
      expect(status, versionName(version)).toBe(spoken.includes(versionName(version)) ? 200 : 400);
      // Who speaks another is told what there is, and need not ask again.
      if (status === 400) expect(headers['ms-asprotocolversions']).toBe(spoken.join(','));
    }
    const older = spoken.at(-1)!;
    expect(discovered.headers['ms-server-activesync']).toBe(older);
  });
});
