import type { Command } from 'commander';
import type { Elsewhere } from '../../lib/identity/domains.ts';
import { withDomain } from './domain.ts';
import { CliError, printList } from './output.ts';

/** `domain redirect|list`: domains whose people are, or are looked for, elsewhere. */
export function mailDomainCommands(program: Command): void {
  const domain = program.command('domain').description('mail domains: where Autodiscover sends their people');

  domain
    .command('redirect')
    .description('send phones of a domain to another server, or to the same user of another domain')
    .argument('<domain>')
    .option('--server <url>', 'https://mail.example.com')
    .option('--domain <domain>', 'the domain under which the same user is known')
    .option('--remove', 'they are here again')
    .action((name: string, flags: RedirectFlags, command) =>
      withDomain(command, async ({ domains }) => {
        await domains.setRedirect(name, elsewhereOf(flags));
        console.error(flags.remove ? `${name} is here.` : `${name} is elsewhere.`);
      }),
    );

  domain
    .command('list')
    .description('domains that are elsewhere')
    .option('--json', 'as JSON')
    .action((flags: { json?: boolean }, command) =>
      withDomain(command, async ({ domains }) => {
        const rows = (await domains.list()).map(({ domain: name, elsewhere }) => ({
          domain: name,
          to: elsewhere.kind === 'server' ? elsewhere.origin : elsewhere.domain,
        }));
        printList(rows, flags.json ?? false);
      }),
    );
}

interface RedirectFlags {
  readonly server?: string;
  readonly domain?: string;
  readonly remove?: boolean;
}

function elsewhereOf({ server, domain, remove }: RedirectFlags): Elsewhere | undefined {
  const given = [server !== undefined, domain !== undefined, remove === true].filter(Boolean).length;
  if (given !== 1) throw new CliError('give one of --server, --domain and --remove');
  if (remove) return undefined;
  return server === undefined ? { kind: 'address', domain: domain! } : { kind: 'server', origin: server };
}
