import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LANE_COOKIE_PAIR } from '../../lib/http/lane.ts';
import {
  HANGING_SYNC_AGENTS,
  LARGE_BODY,
  LIMITS,
  type Rule,
  routingRules,
  targetOf as targetOfCommand,
  weight,
} from '../../lib/infra/routing-rules.ts';

interface Request {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const wildcard = (pattern: string, flags: string) =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    flags,
  );

/** As the load balancer chooses: paths with case, all else without. */
function targetOf({
  method = 'POST',
  path = '/Microsoft-Server-ActiveSync',
  query = '',
  headers = {},
}: Request): string {
  const matches = (rule: Rule) => {
    const value = rule.header && headers[rule.header.name];
    const pairs = query.split('&').map((pair) => pair.toLowerCase());
    return (
      rule.paths.some((pattern) => wildcard(pattern, '').test(path)) &&
      (!rule.method || rule.method === method) &&
      (!rule.commands || rule.commands.some((name) => pairs.includes(`cmd=${name.toLowerCase()}`))) &&
      (!rule.header ||
        (value !== undefined &&
          (rule.header.regex
            ? new RegExp(rule.header.regex).test(value)
            : rule.header.values!.some((pattern) => wildcard(pattern, 'i').test(value)))))
    );
  };
  const rules = [...routingRules()].sort((a, b) => a.priority - b.priority);
  return rules.find(matches)?.target ?? 'holder';
}

const cmd = (name: string) => `Cmd=${name}&User=ada&DeviceId=ANDROID1&DeviceType=Android`;

describe('the way of a request', () => {
  it.each([
    ['a Ping is held', { query: cmd('Ping') }, 'holder'],
    ['a Sync is a function', { query: cmd('Sync') }, 'sync'],
    ['the other path casing is known', { path: '/microsoft-server-activesync', query: cmd('Sync') }, 'sync'],
    ['a Cmd after other parameters counts', { query: 'User=ada&Cmd=Sync' }, 'sync'],
    ['a Cmd in other case counts', { query: 'cmd=sync' }, 'sync'],
    ['Provision', { query: cmd('Provision') }, 'provision'],
    ['OPTIONS without a query', { method: 'OPTIONS' }, 'provision'],
    ['FolderSync', { query: cmd('FolderSync') }, 'commands'],
    ['FolderDelete', { query: cmd('FolderDelete') }, 'commands'],
    ['GetItemEstimate', { query: cmd('GetItemEstimate') }, 'commands'],
    ['MoveItems', { query: cmd('MoveItems') }, 'commands'],
    ['Settings', { query: cmd('Settings') }, 'commands'],
    ['SendMail carries a message', { query: cmd('SendMail') }, 'holder'],
    ['SmartReply carries a message', { query: cmd('SmartReply') }, 'holder'],
    ['SmartForward carries a message', { query: cmd('SmartForward') }, 'holder'],
    ['ItemOperations answers with files', { query: cmd('ItemOperations') }, 'holder'],
    ['GetAttachment answers with a file', { query: cmd('GetAttachment') }, 'holder'],
    ['Search answers with messages', { query: cmd('Search') }, 'holder'],
    ['MeetingResponse sends mail', { query: cmd('MeetingResponse') }, 'holder'],
    ['a command that nobody knows', { query: cmd('Teleport') }, 'holder'],
    ['a base64 query', { query: 'jRIJBBCMTHq9sHb/B4SjMs5HqQgAAAAAC1dpbmRvd3NNYWls' }, 'holder'],
    ['no query', {}, 'holder'],
    ['another path casing', { path: '/MICROSOFT-SERVER-ACTIVESYNC', query: cmd('Sync') }, 'holder'],
    ['a path below', { path: '/Microsoft-Server-ActiveSync/default.eas', query: cmd('Sync') }, 'holder'],
    ['Autodiscover', { path: '/autodiscover/autodiscover.xml' }, 'autodiscover'],
    ['Autodiscover of Outlook', { path: '/Autodiscover/Autodiscover.xml' }, 'autodiscover'],
    ['Autodiscover of Windows Mobile', { path: '/AutoDiscover/AutoDiscover.xml' }, 'autodiscover'],
    ['anything else', { path: '/', method: 'GET' }, 'holder'],
  ])('%s', (_, request, target) => {
    expect(targetOf(request)).toBe(target);
  });

  it.each([
    ['a Sync that would be too large for a function', { 'Content-Length': '700000' }],
    ['a Sync of the lane cookie', { Cookie: `a=b; ${LANE_COOKIE_PAIR}; c=d` }],
    ['a Sync of Outlook', { 'User-Agent': 'Outlook-iOS-Android/1.0' }],
    ['a Sync of Windows Mail', { 'User-Agent': 'MSFT-WindowsMail/10.0' }],
    ['a Sync of Windows Phone', { 'User-Agent': 'MSFT-WP8/8.10' }],
  ])('%s goes to the holder', (_, headers) => {
    expect(targetOf({ query: cmd('Sync'), headers: headers as Record<string, string> })).toBe('holder');
  });

  it('an ordinary Sync with all of these headers is a function', () => {
    const headers = { 'Content-Length': '699999', Cookie: 'a=b', 'User-Agent': 'Apple-iPhone16C1/2205.100' };
    expect(targetOf({ query: cmd('Sync'), headers })).toBe('sync');
  });
});

describe('whose a command is, by its name', () => {
  it.each([
    ['Sync', 'sync'],
    ['provision', 'provision'],
    ['FOLDERSYNC', 'commands'],
    ['ValidateCert', 'commands'],
    ['Ping', 'holder'],
    ['SendMail', 'holder'],
    ['', 'holder'],
  ])('%s: %s', (command, target) => {
    expect(targetOfCommand(command)).toBe(target);
  });
});

describe('the pattern of large bodies', () => {
  it('is every length from 700,000 on, and no other', () => {
    fc.assert(
      fc.property(fc.nat(100_000_000), (length) => new RegExp(LARGE_BODY).test(String(length)) === length >= 700_000),
    );
  });
  it.each([699_999, 700_000, 999_999, 1_000_000])('at its edge: %i', (length) => {
    expect(new RegExp(LARGE_BODY).test(String(length))).toBe(length >= 700_000);
  });
});

describe('what AWS takes', () => {
  it('every rule stays within evaluations and wildcards', () => {
    for (const rule of routingRules()) {
      const { conditions, wildcards } = weight(rule);
      expect(Math.max(...conditions), rule.name).toBeLessThanOrEqual(LIMITS.perCondition);
      expect(
        conditions.reduce((sum, n) => sum + n),
        rule.name,
      ).toBeLessThanOrEqual(LIMITS.perRule);
      expect(wildcards, rule.name).toBeLessThanOrEqual(LIMITS.wildcards);
    }
  });

  it('names and priorities are their own', () => {
    const rules = routingRules({ hangingSyncAgents: Array.from({ length: 20 }, (_, n) => `*a${n}*`) });
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
    expect(new Set(rules.map(({ priority }) => priority)).size).toBe(rules.length);
  });

  it('patterns of User-Agents are spread over as many rules as they need', () => {
    const agents = fc.array(fc.stringMatching(/^\*?[A-Za-z]{1,10}\*?$/), { maxLength: 20 });
    fc.assert(
      fc.property(agents, (hangingSyncAgents) => {
        const hanging = routingRules({ hangingSyncAgents }).filter(({ name }) => name.startsWith('HangingSync'));
        expect(hanging.flatMap(({ header }) => header!.values!)).toEqual(hangingSyncAgents);
      }),
    );
  });

  it('the default patterns are those of clients that hang', () => {
    expect(HANGING_SYNC_AGENTS).toEqual(['*Outlook*', '*WindowsMail*', '*WP8*']);
  });

  it('a pattern of too many wildcards is refused', () => {
    expect(() => routingRules({ hangingSyncAgents: ['*a*b*c*d*e*'] })).toThrow(/wildcards/);
  });

  it('more patterns than rules could be made of are refused', () => {
    expect(() => routingRules({ hangingSyncAgents: Array.from({ length: 21 }, () => 'a') })).toThrow(/at most 20/);
  });
});
