/** What is mutated together, and the tests that answer for it. */
export interface Group {
  /** Patterns of source files; a file belongs to the first group that has it. */
  readonly files: readonly string[];
  /**
   * Beginnings of the paths of test files, those that find most first. A mutant that survives runs every test that
   * reaches it, so a group is judged by the tests that are about it, and not by all that pass through it.
   */
  readonly tests: readonly string[];
}

export const GROUPS: Readonly<Record<string, Group>> = {
  wbxml: { files: ['lib/wbxml/**/*.ts'], tests: ['test/unit/wbxml/'] },
  protocol: { files: ['lib/protocol/**/*.ts'], tests: ['test/unit/protocol/'] },
  queries: {
    files: [
      'lib/commands/{find,get-attachment,item-operations,resolve-recipients,search}.ts',
      'lib/commands/{item-operations,resolve-recipients,search,show}/*.ts',
    ],
    tests: [
      'test/unit/commands/find',
      'test/unit/commands/get-attachment',
      'test/unit/commands/item-operations',
      'test/unit/commands/item-operations/',
      'test/unit/commands/resolve-recipients',
      'test/unit/commands/resolve-recipients/',
      'test/unit/commands/search',
      'test/unit/commands/search/',
      'test/unit/commands/show/',
      'test/unit/commands/commands',
    ],
  },
  folders: {
    files: ['lib/commands/{folder-*,get-hierarchy,move-items}.ts'],
    tests: [
      'test/unit/commands/folder-',
      'test/unit/commands/get-hierarchy',
      'test/unit/commands/move-',
      'test/unit/commands/commands',
    ],
  },
  compose: {
    files: ['lib/commands/{send-mail,smart-forward,smart-reply}.ts', 'lib/commands/compose/*.ts'],
    tests: [
      'test/unit/commands/compose/',
      'test/unit/commands/send-mail',
      'test/unit/commands/smart-',
      'test/unit/commands/commands',
    ],
  },
  ping: {
    files: ['lib/commands/ping*.ts'],
    tests: ['test/unit/commands/ping', 'test/unit/commands/commands'],
  },
  commands: {
    files: ['lib/commands/{get-item-estimate,sync}.ts', 'lib/commands/sync/*.ts'],
    tests: [
      'test/unit/commands/sync/',
      'test/unit/commands/sync',
      'test/unit/commands/get-item-estimate',
      'test/unit/commands/estimate-',
      'test/unit/commands/commands',
    ],
  },
  // What a device says of itself, and what is asked of it.
  devices: {
    files: ['lib/commands/**/*.ts'],
    tests: [
      'test/unit/commands/device-',
      'test/unit/commands/provision',
      'test/unit/commands/settings/',
      'test/unit/commands/settings',
      'test/unit/commands/validate-cert',
      'test/unit/commands/validate-cert/',
      'test/unit/commands/wipe',
      'test/unit/commands/commands',
    ],
  },
  sync: {
    files: ['lib/sync/**/*.ts'],
    tests: [
      'test/unit/sync/',
      'test/unit/commands/sync',
      'test/unit/commands/ping-sync',
      'test/unit/commands/get-item-estimate',
      'test/unit/commands/folder-',
    ],
  },
};
