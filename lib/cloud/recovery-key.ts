import { createVault, type Vault, vaultKey } from '../identity/vault.ts';
import type { Where } from './stack.ts';

const TIMES = { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true };

/**
 * Seals recovery passwords under the key in a secret of Secrets Manager. It is asked for when the first password is
 * sealed or opened, once in each process: functions that never see one start without it.
 * `seal` and `open` reject as Secrets Manager does, and with RangeError where the secret holds no key.
 */
export function openRecoveryVault(secret: string, { region, endpoint }: Where = {}): Vault {
  return createVault(async () => {
    // Loaded late, too: a cold start does not pay for what few requests need.
    const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
    const client = new SecretsManagerClient({
      ...(region && { region }),
      ...(endpoint && { endpoint }),
      maxAttempts: 3,
      requestHandler: TIMES,
    });
    try {
      const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: secret }));
      return vaultKey(SecretString.trim());
    } finally {
      client.destroy();
    }
  });
}
