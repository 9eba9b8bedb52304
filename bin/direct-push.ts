#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { BadOption } from '../lib/embedded/options.ts';
import { backupCommands } from './cli/backup.ts';
import { deviceCommands } from './cli/device.ts';
import { doctorCommand } from './cli/doctor.ts';
import { groupCommands } from './cli/group.ts';
import { mailCommands } from './cli/mail.ts';
import { mailDomainCommands } from './cli/mail-domain.ts';
import { CliError } from './cli/output.ts';
import { personCommands } from './cli/person.ts';
import { policyCommands } from './cli/policy.ts';
import { quotaCommands } from './cli/quota.ts';
import { ruleCommands } from './cli/rule.ts';
import { serveCommand } from './cli/serve.ts';
import { userCommands } from './cli/user.ts';

/** The package's own description, from the source tree or from `dist`. */
function version(): string {
  for (const up of ['..', '../..']) {
    try {
      const text = readFileSync(path.join(import.meta.dirname, up, 'package.json'), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // One level higher, then.
    }
  }
  return 'unknown';
}

const program = new Command('direct-push')
  .description('Exchange ActiveSync push server')
  .version(version())
  .option('--data <folder>', 'data folder (DATA_DIR, default ./data)')
  .option('--store <engine>', 'sqlite or dynamodb (STORE, default sqlite)')
  .option('--endpoint <url>', 'DynamoDB endpoint (AWS_ENDPOINT_URL)')
  .option('--region <name>', 'AWS region (AWS_REGION, default us-east-1)')
  .option('--stack <name>', 'a stack on AWS instead: its tables and bucket, with the credentials of the AWS SDK')
  .option('--table-prefix <text>', 'what the table names begin with (TABLE_PREFIX, default direct-push-)')
  .showHelpAfterError('(--help shows what there is)')
  .configureHelp({ showGlobalOptions: true });

serveCommand(program);
personCommands(userCommands(program));
groupCommands(program);
mailDomainCommands(program);
deviceCommands(program);
policyCommands(program);
ruleCommands(program);
quotaCommands(program);
mailCommands(program);
backupCommands(program);
doctorCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  // What a user can mend is said in a sentence; anything else is a bug and shows where it happened.
  const expected = error instanceof CliError || error instanceof BadOption || isNamed(error);
  console.error(expected ? `direct-push: ${(error as Error).message}` : error);
  process.exitCode = 1;
}

/** Errors of the domain and of the system that say what was wrong in their message. */
function isNamed(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const named = [
    'AddressTaken',
    'InvalidAddress',
    'InvalidAccount',
    'NoAccount',
    'NoDevice',
    'NoPolicy',
    'InvalidPolicy',
    'InvalidRule',
    'QuotaExceeded',
    'NoGroup',
    'InvalidPhoto',
    'InvalidCertificate',
    'AwsTrouble',
  ];
  const code = (error as NodeJS.ErrnoException).code;
  return named.includes(error.name) || code === 'ENOENT' || code === 'EACCES' || code === 'EADDRINUSE';
}
