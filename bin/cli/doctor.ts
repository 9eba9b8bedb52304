import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { examine } from '../../lib/doctor/run.ts';
import { smtpTo } from '../../lib/doctor/smtp.ts';
import type { Finding, Outcome } from '../../lib/doctor/types.ts';
import { readPassword } from './input.ts';
import { CliError } from './output.ts';

interface DoctorFlags {
  readonly user: string;
  readonly hold: string;
  readonly repeat: string;
  readonly smtp?: string;
  readonly insecureCa?: string;
  readonly json?: boolean;
}

/** `doctor`: a phone from outside that says what works, what is slow and what to change. */
export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('act as a phone against this or any other ActiveSync server; the password is read from standard input')
    .argument('<url>', 'https://mail.example.com')
    .requiredOption('--user <address>', 'address of the account; the probe message goes there')
    .option('--hold <seconds>', 'how long a Ping is held', '30')
    .option('--repeat <number>', 'how often it is held, on one connection', '1')
    .option('--smtp <host:port>', 'send the probe message by this server (default: SendMail to oneself)')
    .option('--insecure-ca <file>', 'trust this certificate authority as well, PEM')
    .option('--json', 'as JSON')
    .action(doctor);
}

async function doctor(target: string, flags: DoctorFlags): Promise<void> {
  const url = urlOf(target);
  const ca = flags.insecureCa === undefined ? undefined : await readFile(flags.insecureCa, 'utf8');
  const deliver = flags.smtp === undefined ? undefined : smtpOf(flags.smtp, flags.user);
  const password = await readPassword(`Password of ${flags.user}`);
  const [holdS, repeat] = [numberOf(flags.hold, '--hold'), numberOf(flags.repeat, '--repeat')];
  const findings: Finding[] = [];
  try {
    for await (const finding of examine({ url, user: flags.user, password, holdS, repeat, ca, deliver })) {
      findings.push(finding);
      if (!flags.json) print(finding);
    }
  } catch (error) {
    throw error instanceof RangeError ? new CliError(error.message) : error;
  }
  const ok = findings.every(({ outcome }) => outcome !== 'failed');
  if (flags.json) console.log(JSON.stringify({ url: url.origin, user: flags.user, ok, checks: findings }, null, 2));
  else console.log(ok ? '\nNothing is wrong.' : '\nSomething is to be changed.');
  if (!ok) process.exitCode = 1;
}

const MARKS: Readonly<Record<Outcome, string>> = {
  ok: 'ok     ',
  slow: 'SLOW   ',
  warning: 'WARNING',
  failed: 'FAILED ',
  skipped: '-      ',
};

function print({ check, outcome, ms, detail, advice }: Finding): void {
  console.log(`${MARKS[outcome]}  ${check.padEnd(12)}  ${`${Math.round(ms)} ms`.padStart(9)}  ${detail}`);
  if (advice) console.log(`${' '.repeat(34)}-> ${advice}`);
}

function urlOf(text: string): URL {
  const full = text.includes('://') ? text : `https://${text}`;
  if (!URL.canParse(full)) throw new CliError(`${text} is not a URL`);
  return new URL(full);
}

function smtpOf(text: string, address: string): (raw: string) => Promise<void> {
  const [, host, port] = /^\[?(.+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (!host || !port) throw new CliError(`--smtp is HOST:PORT, not ${text}`);
  return smtpTo(host, Number(port), address);
}

function numberOf(text: string, option: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new CliError(`${option} is a number, not ${text}`);
  return value;
}
