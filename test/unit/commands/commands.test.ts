/** What every command says of itself to the pipeline. */
import { describe, expect, test } from 'vitest';
import { createFind } from '../../../lib/commands/find.ts';
import { createFolderCreate } from '../../../lib/commands/folder-create.ts';
import { createFolderDelete } from '../../../lib/commands/folder-delete.ts';
import { createFolderSync } from '../../../lib/commands/folder-sync.ts';
import { createFolderUpdate } from '../../../lib/commands/folder-update.ts';
import { createGetAttachment } from '../../../lib/commands/get-attachment.ts';
import { createGetItemEstimateCommand } from '../../../lib/commands/get-item-estimate.ts';
import { createItemOperations } from '../../../lib/commands/item-operations.ts';
import { createMoveItems } from '../../../lib/commands/move-items.ts';
import { createPing } from '../../../lib/commands/ping.ts';
import { createProvision } from '../../../lib/commands/provision.ts';
import { createResolveRecipients } from '../../../lib/commands/resolve-recipients.ts';
import { createSearch } from '../../../lib/commands/search.ts';
import { createSendMail } from '../../../lib/commands/send-mail.ts';
import { createSettings } from '../../../lib/commands/settings.ts';
import { createSmartForward } from '../../../lib/commands/smart-forward.ts';
import { createSmartReply } from '../../../lib/commands/smart-reply.ts';
import { createSyncCommand } from '../../../lib/commands/sync.ts';
import { createValidateCert } from '../../../lib/commands/validate-cert.ts';
import type { AnyCommand } from '../../../lib/protocol/command.ts';
import { encode } from '../../../lib/wbxml/index.ts';

/** Nothing is asked of these services while a command describes itself. */
const deps = { classes: [] } as never;

type Body = AnyCommand['body'];

const COMMANDS: readonly (readonly [
  make: () => AnyCommand,
  name: string,
  code: number,
  body: Body,
  policy: boolean,
])[] = [
  [() => createSyncCommand(deps), 'Sync', 0, 'optional', true],
  [() => createSendMail(deps), 'SendMail', 1, 'required', true],
  [() => createSmartForward(deps), 'SmartForward', 2, 'required', true],
  [() => createSmartReply(deps), 'SmartReply', 3, 'required', true],
  [() => createGetAttachment(deps), 'GetAttachment', 4, 'none', true],
  [() => createFolderSync(deps), 'FolderSync', 9, 'required', true],
  [() => createFolderCreate(deps), 'FolderCreate', 10, 'required', true],
  [() => createFolderDelete(deps), 'FolderDelete', 11, 'required', true],
  [() => createFolderUpdate(deps), 'FolderUpdate', 12, 'required', true],
  [() => createMoveItems(deps), 'MoveItems', 13, 'required', true],
  [() => createGetItemEstimateCommand(deps), 'GetItemEstimate', 14, 'required', true],
  [() => createSearch(deps), 'Search', 16, 'required', true],
  [() => createSettings(deps), 'Settings', 17, 'required', true],
  [() => createPing(deps), 'Ping', 18, 'optional', false],
  [() => createItemOperations(deps), 'ItemOperations', 19, 'required', true],
  [() => createProvision(deps), 'Provision', 20, 'optional', false],
  [() => createResolveRecipients(deps), 'ResolveRecipients', 21, 'required', true],
  [() => createValidateCert([]), 'ValidateCert', 22, 'required', true],
  [() => createFind(deps), 'Find', 23, 'required', true],
];

const named = COMMANDS.map((row) => [row[1], row] as const);
const made = (name: string) => COMMANDS.find((row) => row[1] === name)![0]();

describe('a command says', () => {
  test.each(named)('what it is: %s', (_, [make, name, code, body, needsPolicy]) => {
    const command = make();
    expect({ ...command }).toMatchObject({ name, code, body, needsPolicy });
    expect(command.mime?.upTo).toBe(code >= 1 && code <= 3 ? 121 : undefined);
  });

  test.each(named.filter(([, [, , , body]]) => body !== 'none'))(
    'with a common status and nothing else that something is in the way: %s',
    (_, [make]) => {
      const command = make();
      const answer = command.failure(142);
      expect(answer).toEqual({ Status: 142 });
      expect(encode(command.response, answer, 161).length).toBeGreaterThan(0);
    },
  );

  test.each([
    ['Settings', { since: 120 }],
    ['ItemOperations', { since: 120 }],
    ['Find', { since: 161 }],
    ['GetAttachment', { until: 121 }],
    ['Sync', undefined],
    ['Provision', undefined],
  ])('in which versions it is: %s', (name, versions) => {
    expect(made(name).versions).toEqual(versions);
  });

  test('under a code of its own', () => {
    expect(new Set(COMMANDS.map(([, , code]) => code)).size).toBe(COMMANDS.length);
  });
});

test.each(['SendMail', 'SmartForward', 'SmartReply'])('%s without a request is status 101', async (name) => {
  await expect(made(name).run({} as never, undefined)).rejects.toMatchObject({ status: 101 });
});

describe('a command has a status of its own for', () => {
  const failures = (name: string, statuses: readonly number[]) =>
    statuses.map((status) => (made(name).failure(status) as { Status: number }).Status);

  test('what is no document of it, and for trouble: Ping [MS-ASCMD R4244 R4261]', () => {
    expect(failures('Ping', [100, 101, 102, 103, 104, 110, 111, 112])).toEqual([100, 4, 4, 4, 104, 8, 8, 112]);
  });

  test('what is no document of it: Sync [MS-ASCMD R4545]', () => {
    expect(failures('Sync', [100, 101, 102, 103, 104, 105])).toEqual([100, 4, 4, 4, 4, 105]);
  });
});
