import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import { examine } from '../doctor/run.ts';
import type { DoctorOptions } from '../doctor/types.ts';
import type { Base } from './base.ts';

/** What the secret holds. The account is the canary's own: a visit leaves one device with it, and no mail. */
const Account = z.object({
  user: z.string().check(z.regex(/^[^\s@]+@[^\s@]+$/)),
  password: z.string().check(z.minLength(1)),
});
export type CanaryAccount = z.output<typeof Account>;

/** The secret does not say who the canary is. What it says instead is not repeated. */
export class BadSecret extends Error {
  override readonly name = 'BadSecret';
}

/** @throws BadSecret, or as Secrets Manager does */
export async function canaryAccount(client: SecretsManagerClient, SecretId: string): Promise<CanaryAccount> {
  const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId }));
  let parsed: unknown;
  try {
    parsed = JSON.parse(SecretString);
  } catch {
    throw new BadSecret('the secret of the canary is not JSON');
  }
  const account = z.safeParse(Account, parsed);
  if (account.success) return account.data;
  throw new BadSecret('the secret of the canary is not {"user": "address", "password": "..."}');
}

/**
 * One visit as metrics and log lines. A check that fails is no error of the canary: the alarm tells of it.
 * @param base what is said of the world around the server is about the server itself: names, codes, times
 */
export async function visit(options: DoctorOptions, { log, metrics }: Pick<Base, 'log' | 'metrics'>) {
  let failed = 0;
  for await (const { check, outcome, ms, detail, advice } of examine(options)) {
    const fields = { check, outcome, ms: Math.round(ms) };
    if (outcome === 'failed') {
      failed++;
      metrics.add('CanaryFailures', 1, check);
      log.error('canary-check', { ...fields, detail, advice });
    } else if (outcome === 'ok' || outcome === 'skipped') log.info('canary-check', fields);
    else log.warn('canary-check', { ...fields, detail, advice });
    if (check === 'delivery' && (outcome === 'ok' || outcome === 'slow')) metrics.add('CanaryPush', ms);
  }
  // A visit without failures must be heard of, too: silence is an alarm.
  if (failed === 0) metrics.add('CanaryFailures', 0);
  return { ok: failed === 0 };
}
