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
  commands: { files: ['lib/commands/**/*.ts'], tests: ['test/unit/commands/'] },
  sync: {
    files: ['lib/sync/**/*.ts'],
    tests: [
      'test/unit/sync/',
      'test/unit/commands/sync',
      'test/unit/commands/ping-sync',
      'test/unit/commands/get-item-estimate',
      'test/unit/commands/folder-',
      'test/simulation/sync',
      'test/simulation/folder-sync',
    ],
  },
};
