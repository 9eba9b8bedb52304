/**
 * The listener's rules as data. What no rule takes goes to the holder, which runs every command: correctness never
 * depends on how the load balancer reads a query, only cost does.
 */
import { LANE_COOKIE_PAIR } from '../http/lane.ts';
import type { FunctionName } from './catalogue.ts';

/** The load balancer compares paths with case; phones send both of these, anything else takes the default action. */
export const EAS_PATHS = ['/Microsoft-Server-ActiveSync', '/microsoft-server-activesync'] as const;
export const AUTODISCOVER_PATHS = ['/autodiscover/*', '/Autodiscover/*', '/AutoDiscover/*'] as const;

/** Clients that hang on Sync (`Wait`, `HeartbeatInterval`), which shows in the body alone. */
export const HANGING_SYNC_AGENTS = ['*Outlook*', '*WindowsMail*', '*WP8*'] as const;

/** 700,000 bytes and more: base64 makes 933 KB of them, and an answer or request of a function ends at 1 MB. */
export const LARGE_BODY = '^([7-9][0-9]{5}|[0-9]{7,})$';

export interface Rule {
  readonly name: string;
  readonly priority: number;
  readonly target: FunctionName | 'holder';
  readonly paths: readonly string[];
  readonly method?: string;
  /** Values of the query's `Cmd`; compared without case. */
  readonly commands?: readonly string[];
  readonly header?: { readonly name: string; readonly values?: readonly string[]; readonly regex?: string };
}

/** What AWS takes in one condition and in one rule. */
export const LIMITS = { perCondition: 3, perRule: 5, wildcards: 5 } as const;

/** Commands whose requests and answers are small; those that carry messages or files stay with the holder. */
const COMMANDS: readonly (readonly string[])[] = [
  ['FolderSync', 'GetItemEstimate', 'MoveItems'],
  ['FolderCreate', 'FolderUpdate', 'FolderDelete'],
  ['Settings', 'ResolveRecipients', 'ValidateCert'],
];

export interface RoutingOptions {
  /** Default `HANGING_SYNC_AGENTS`. */
  readonly hangingSyncAgents?: readonly string[];
}

/** @throws RangeError when a rule is more than AWS takes, which a long pattern of User-Agents may cause */
export function routingRules(options: RoutingOptions = {}): readonly Rule[] {
  const agents = options.hangingSyncAgents ?? HANGING_SYNC_AGENTS;
  const eas = (rule: Omit<Rule, 'paths'>): Rule => ({ ...rule, paths: EAS_PATHS });
  const rules: Rule[] = [
    // First, because every rule before the most frequent request is paid for.
    eas({ name: 'Ping', priority: 10, target: 'holder', commands: ['Ping'] }),
    eas({
      name: 'LargeBody',
      priority: 20,
      target: 'holder',
      header: { name: 'Content-Length', regex: LARGE_BODY },
    }),
    eas({
      name: 'TaskLane',
      priority: 30,
      target: 'holder',
      header: { name: 'Cookie', values: [`*${LANE_COOKIE_PAIR}*`] },
    }),
    ...byWildcards(agents).map((values, n) =>
      eas({ name: `HangingSync${n + 1}`, priority: 40 + n, target: 'holder', header: { name: 'User-Agent', values } }),
    ),
    eas({ name: 'Sync', priority: 60, target: 'sync', commands: ['Sync'] }),
    eas({ name: 'Provision', priority: 70, target: 'provision', commands: ['Provision'] }),
    eas({ name: 'Options', priority: 71, target: 'provision', method: 'OPTIONS' }),
    ...COMMANDS.map((commands, n) =>
      eas({ name: `Commands${n + 1}`, priority: 80 + n, target: 'commands' as const, commands }),
    ),
    { name: 'Autodiscover', priority: 90, target: 'autodiscover', paths: AUTODISCOVER_PATHS },
  ];
  for (const rule of rules) check(rule);
  return rules;
}

/** Who answers a command by its name alone; a body, a cookie or a User-Agent may send it to the holder all the same. */
export function targetOf(command: string, rules = routingRules()): Rule['target'] {
  const wanted = command.toLowerCase();
  return rules.find(({ commands }) => commands?.some((name) => name.toLowerCase() === wanted))?.target ?? 'holder';
}

/** Match evaluations and wildcards of a rule, as AWS counts them. */
export function weight(rule: Rule): { readonly conditions: readonly number[]; readonly wildcards: number } {
  const header = rule.header?.values ?? (rule.header?.regex ? [rule.header.regex] : []);
  const groups = [rule.paths, rule.method ? [rule.method] : [], rule.commands ?? [], header];
  const plain = [...rule.paths, ...(rule.header?.values ?? [])];
  return { conditions: groups.map((group) => group.length), wildcards: countWildcards(plain.join('')) };
}

const countWildcards = (text: string) => text.match(/[*?]/g)?.length ?? 0;

function check(rule: Rule): void {
  const { conditions, wildcards } = weight(rule);
  const total = conditions.reduce((sum, n) => sum + n, 0);
  if (Math.max(...conditions) > LIMITS.perCondition) throw new RangeError(`rule ${rule.name}: too many values`);
  if (total > LIMITS.perRule) throw new RangeError(`rule ${rule.name}: more than ${LIMITS.perRule} match evaluations`);
  if (wildcards > LIMITS.wildcards) throw new RangeError(`rule ${rule.name}: more than ${LIMITS.wildcards} wildcards`);
}

const MAX_AGENTS = 20;

/** As many patterns in each group as one rule takes. */
function byWildcards(patterns: readonly string[]): readonly (readonly string[])[] {
  if (patterns.length > MAX_AGENTS) throw new RangeError(`at most ${MAX_AGENTS} User-Agent patterns`);
  const groups: string[][] = [];
  for (const pattern of patterns) {
    const last = groups.at(-1);
    const fits =
      last !== undefined &&
      last.length < LIMITS.perCondition &&
      countWildcards([...last, pattern].join('')) <= LIMITS.wildcards;
    if (fits) last.push(pattern);
    else groups.push([pattern]);
  }
  return groups;
}
