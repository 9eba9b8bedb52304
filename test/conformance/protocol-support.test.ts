import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PingResponse } from '../../lib/documents/ping.ts';
import { encode } from '../../lib/wbxml/index.ts';
import { COMMANDS } from '../../tools/protocol-commands.ts';
import { protocolPage } from '../../tools/protocol-support.ts';
import { startServer } from '../e2e/harness.ts';
import { unknownStatuses } from '../support/statuses.ts';

const page = protocolPage();
const rowOf = (name: string) =>
  page
    .split('\n')
    .find((line) => line.startsWith(`| ${name} |`))!
    .split(' | ')
    .slice(1, 8);

describe('docs/protocol-support.md', () => {
  it('is what the script prints', () => {
    expect(readFileSync(new URL('../../docs/protocol-support.md', import.meta.url), 'utf8')).toBe(page);
  });

  it('has the commands that a server advertises, and no others', async () => {
    const server = await startServer();
    const { headers } = await fetch(`${server.url}/Microsoft-Server-ActiveSync`, {
      method: 'OPTIONS',
      headers: { Authorization: `Basic ${btoa('kim@example.test:correct horse battery staple')}` },
    });
    const names = COMMANDS.map(({ command }) => command.name);
    expect(headers.get('MS-ASProtocolCommands')?.split(',').toSorted()).toEqual(names.toSorted());
    for (const name of names) expect(rowOf(name)).toHaveLength(7);
  });

  it('says what a version without a command is answered', () => {
    expect(rowOf('Find')).toEqual(['400', '400', '400', '138', '138', '138', 'yes']);
    expect(rowOf('GetHierarchy')).toEqual(['yes', 'yes', 'yes', '400', '400', '400', '400']);
    expect(rowOf('Settings').slice(0, 2)).toEqual(['400', 'yes']);
    expect(rowOf('SMS').slice(2, 4)).toEqual(['no', 'yes']);
  });

  it('says who answers a command on AWS, as the rules of the load balancer do', () => {
    const rowOfTable = (name: string) => page.split('\n').find((line) => line.startsWith(`| ${name} |`))!;
    const lanes = COMMANDS.map(({ command: { name } }) => [name, rowOfTable(name).split(' | ')[8]]);
    expect(Object.fromEntries(lanes)).toMatchObject({
      Ping: 'the task',
      Sync: 'function `sync`',
      Provision: 'function `provision`',
      FolderSync: 'function `commands`',
      SendMail: 'the task',
    });
  });

  it('has no status that is neither of the command nor a common one: every answer of the end-to-end tests is asked', () => {
    const answer = (Status: number) => encode(PingResponse, { Status }, 161);
    expect([8, 142].flatMap((status) => unknownStatuses('Ping', answer(status)))).toEqual([]);
    expect(unknownStatuses('Ping', answer(9))).toEqual(['Ping: status 9 is in no table of statuses']);
  });
});

describe('the compatibility table of the README', () => {
  it('names tests that there are', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const rows = readme.split('| client | version |')[1]!.split('\n\n')[0]!.split('\n').slice(2);
    expect(rows.length).toBeGreaterThan(8);
    const names = rows.flatMap((row) =>
      [
        ...row
          .split(' | ')
          .at(-1)!
          .matchAll(/`([\w-]+)`/g),
      ].map(([, name]) => name!),
    );
    const folders = ['../e2e', '../unit/documents'];
    const missing = names.filter(
      (name) => !folders.some((folder) => existsSync(new URL(`${folder}/${name}.test.ts`, import.meta.url))),
    );
    expect(missing).toEqual([]);
    expect(names).toContain('clients');
  });
});
