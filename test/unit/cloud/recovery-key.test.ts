import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { awsTrouble } from '../../../lib/cloud/aws-trouble.ts';
import { openRecoveryVault } from '../../../lib/cloud/recovery-key.ts';
import { createVault, vaultKey } from '../../../lib/identity/vault.ts';
import { startSecrets } from '../../support/servers/secrets.ts';

/** As Secrets Manager makes it: letters and digits. */
const made = () => randomBytes(64).toString('base64').replace(/[+/=]/g, '').slice(0, 43);

async function vaultOf(text: string) {
  const server = await startSecrets({ arn: text });
  onTestFinished(() => server.stop());
  const open = (secret = 'arn') => openRecoveryVault(secret, { region: 'eu-west-1', endpoint: server.endpoint });
  return { server, open };
}

describe('the key of recovery passwords in Secrets Manager', () => {
  beforeEach(() => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'a');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b');
    return () => vi.unstubAllEnvs();
  });

  it('is read once by a process, and by none that seals and opens nothing', async () => {
    const { server, open } = await vaultOf(made());
    const vault = open();
    expect(server.asked).toEqual([]);
    const sealed = await Promise.all(['one', 'two'].map((text) => vault.seal(text, 'kim phone')));
    expect(await vault.open(sealed[1]!, 'kim phone')).toBe('two');
    expect(server.asked).toEqual(['arn']);
    expect(await open().open(sealed[0]!, 'kim phone')).toBe('one');
    expect(server.asked).toEqual(['arn', 'arn']);
  });

  it('opens on a machine of one’s own, too, where it is given as RECOVERY_KEY', async () => {
    const text = made();
    const sealed = await (await vaultOf(`${text}\n`)).open().seal('one', 'kim phone');
    expect(await createVault(async () => vaultKey(text)).open(sealed, 'kim phone')).toBe('one');
  });

  it('is refused where the secret holds something else, which is not repeated', async () => {
    const refused = (await vaultOf('{"user": "hunter2"}')).open().seal('one', 'kim phone');
    await expect(refused).rejects.toThrow(RangeError);
    await expect(refused).rejects.not.toThrow(/hunter2/);
  });

  it('that is gone is told in words', async () => {
    const error = await (await vaultOf(made()))
      .open('another')
      .seal('one', 'kim phone')
      .catch((caught: unknown) => caught);
    expect(awsTrouble(error, 'eu-west-1')?.message).toContain('does not exist');
  });
});
