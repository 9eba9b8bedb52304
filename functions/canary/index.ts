/** A phone from outside, on a schedule: what `doctor` says as metrics, for an alarm. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import middy from '@middy/core';
import { BASE_CONFIG, openBase } from '../../lib/cloud/base.ts';
import { canaryAccount, visit } from '../../lib/cloud/canary.ts';
import { readConfig } from '../../lib/ops/config.ts';
import { errorFields } from '../../lib/ops/log.ts';

const config = readConfig([...BASE_CONFIG, 'hostName', 'canarySecret', 'canaryHold', 'canaryUrl']);
const base = openBase(config);
const url = new URL(config.canaryUrl ?? `https://${config.hostName}`);
const secrets = new SecretsManagerClient({});
/** Left to say that the visit took too long. */
const SPARE_MS = 5000;

export const handler = middy<unknown, { readonly ok: boolean }>({ timeoutEarlyInMillis: SPARE_MS })
  .after(() => base.metrics.flush())
  .onError(({ error }) => {
    base.log.error('canary', errorFields(error));
    base.metrics.add('CanaryFailures', 1, 'visit');
    base.metrics.flush();
  })
  .handler(async () => {
    // Read each time: a password that was changed counts from the next visit on.
    const account = await canaryAccount(secrets, config.canarySecret);
    return visit({ ...account, url, holdS: config.canaryHold }, base);
  });
