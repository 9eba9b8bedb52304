import { commonStatus } from '../../lib/protocol/statuses.ts';
import { parseDocument } from '../../lib/wbxml/index.ts';
import { COMMANDS } from '../../tools/protocol-commands.ts';

const DECLARED = new Map(
  COMMANDS.map(({ command, statuses }) => [command.name, new Set(Object.values(statuses).flatMap(Object.values))]),
);

/** Statuses in an answer that docs/protocol-support.md does not give the command; only those in its own namespace. */
export function unknownStatuses(command: string, body: Uint8Array): readonly string[] {
  const root = parseDocument(body);
  const unknown: string[] = [];
  const walk = (one: typeof root): void => {
    if (one.tag === 'Status' && one.namespace === root.namespace) {
      const status = Number(one.content);
      const isKnown = DECLARED.get(command)?.has(status) || commonStatus(status) !== undefined;
      if (!isKnown) unknown.push(`${command}: status ${status} is in no table of statuses`);
    }
    one.children.forEach(walk);
  };
  walk(root);
  return unknown;
}
