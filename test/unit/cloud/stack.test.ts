import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AwsTrouble, awsTrouble } from '../../../lib/cloud/aws-trouble.ts';
import { readStack } from '../../../lib/cloud/stack.ts';
import { OPTIONAL_STACK_OUTPUTS, STACK_OUTPUTS } from '../../../lib/ops/stack-outputs.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { type CloudFormationServer, startCloudFormation } from '../../support/servers/cloudformation.ts';

const outputs = (which: 0 | 1) =>
  Object.fromEntries(Object.entries(STACK_OUTPUTS).map(([what, keys]) => [keys[which], `own-${what}`]));
const secretOutput = (which: 0 | 1) => ({ [OPTIONAL_STACK_OUTPUTS.recoverySecret[which]]: 'own-secret' });
const NAMES = {
  mailboxesTable: 'own-mailboxesTable',
  devicesTable: 'own-devicesTable',
  directoryTable: 'own-directoryTable',
  blobBucket: 'own-blobBucket',
};

describe('what a deployed stack says of itself', () => {
  let server: CloudFormationServer;
  const read = (name: string) => readStack(name, { region: 'eu-west-1', endpoint: server.endpoint });

  beforeAll(async () => {
    server = await startCloudFormation({
      Mail: { outputs: { EndpointUrl: 'https://x', ...outputs(0) } },
      'Mail-Data': { outputs: outputs(1) },
      Sealed: { outputs: { ...outputs(0), ...secretOutput(0) } },
      'Sealed-Data': { outputs: { ...outputs(1), ...secretOutput(1) } },
      Young: { status: 'CREATE_IN_PROGRESS', outputs: {} },
      Other: { outputs: { Url: 'https://x' } },
      Half: { status: 'UPDATE_COMPLETE', outputs: { ...outputs(0), Blobs: '' } },
    });
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'a');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b');
    return () => vi.unstubAllEnvs();
  });

  it('is its tables and its bucket', async () => {
    expect(await read('Mail')).toEqual({ ...NAMES, region: 'eu-west-1' });
    expect(server.asked).toContain('DescribeStacks Mail');
  });

  it('is said by the data stack as well, which outlives the endpoint', async () => {
    expect(await read('Mail-Data')).toEqual({ ...NAMES, region: 'eu-west-1' });
  });

  it.each(['Sealed', 'Sealed-Data'])('and the key of recovery passwords where there is one, in %s', async (name) => {
    expect(await read(name)).toEqual({ ...NAMES, recoverySecret: 'own-secret', region: 'eu-west-1' });
  });

  it.each([
    ['Nowhere', 'there is no stack Nowhere in eu-west-1'],
    ['Other', 'stack Other has no output TableMailboxes, TableDevices, TableDirectory, Blobs: is it the stack of'],
    ['Half', 'stack Half has no output Blobs: '],
    ['Young', 'stack Young has no output .*: it is CREATE_IN_PROGRESS: wait until it is complete'],
  ])('%s is refused in a sentence', async (name, sentence) => {
    const refused = read(name);
    await expect(refused).rejects.toThrow(new RegExp(sentence));
    await expect(refused).rejects.toBeInstanceOf(AwsTrouble);
  });

  it.each([
    [403, 'AccessDenied', 'User: arn:aws:iam::1:user/ada is not authorized', /do not suffice: User: .*ada is not/],
    [
      403,
      'InvalidClientTokenId',
      'The security token is invalid',
      /not valid or have expired \(InvalidClientTokenId\)/,
    ],
    [400, 'ExpiredToken', 'expired', /log in again/],
  ])('AWS answers %i %s', async (status, code, message, sentence) => {
    server.fail(status, code, message);
    await expect(read('Mail')).rejects.toThrow(sentence);
  });

  it('a place where nobody answers is named', async () => {
    const nowhere = readStack('Mail', { region: 'eu-west-9', endpoint: 'http://127.0.0.1:9' });
    await expect(nowhere).rejects.toThrow('AWS does not answer in eu-west-9 (ECONNREFUSED)');
  });

  it('without credentials it says how to get some', async () => {
    vi.unstubAllEnvs();
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE', 'AWS_SESSION_TOKEN']) {
      vi.stubEnv(name, undefined);
    }
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
    await expect(read('Mail')).rejects.toThrow(/^no AWS credentials: log in/);
  });

  it('without a region it asks for one', async () => {
    vi.stubEnv('AWS_REGION', undefined);
    vi.stubEnv('AWS_DEFAULT_REGION', undefined);
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
    await expect(readStack('Mail', { endpoint: server.endpoint })).rejects.toThrow('which region? Give --region');
  });
});

describe('trouble of AWS', () => {
  const named = (name: string, message = 'words') => Object.assign(new Error(message), { name });

  it('is found below what the store makes of it', () => {
    const error = new StoreUnavailable('x', { cause: named('AccessDeniedException', 'may not dynamodb:GetItem') });
    expect(awsTrouble(error, 'r')?.message).toBe('these AWS credentials do not suffice: may not dynamodb:GetItem');
    expect(awsTrouble(error, 'r')?.cause).toBe(error);
  });

  it.each(['ResourceNotFoundException', 'NoSuchBucket'])('%s: what the stack named is gone', (name) => {
    expect(awsTrouble(named(name), 'r')?.message).toContain('does not exist');
  });

  it.each([[new Error('a bug')], [named('TypeError')], [undefined], ['text']])('%s is none', (error) => {
    expect(awsTrouble(error, 'r')).toBeUndefined();
  });

  it('ends with a cause that is its own cause', () => {
    const error = new Error('round') as { cause?: unknown };
    error.cause = error;
    expect(awsTrouble(error, 'r')).toBeUndefined();
  });
});
