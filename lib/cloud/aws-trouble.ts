/** Failures of AWS in words for whoever sits at the command line. */

/** What the SDK's errors are told apart by. */
interface SdkError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly cause?: unknown;
}

/** Something that the operator can mend; the message says what. */
export class AwsTrouble extends Error {
  override readonly name = 'AwsTrouble';
}

const WITHOUT_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError']);
const BAD_CREDENTIALS = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'InvalidAccessKeyId',
  'IncompleteSignature',
]);
const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation']);
const ABSENT = new Set(['ResourceNotFoundException', 'NoSuchBucket']);
const UNREACHED = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);

/** The store wraps what the SDK throws; a cause of a cause is enough. */
const DEPTH = 4;

/** `undefined` for an error that is none of these: a bug, or one that says itself what is wrong. */
export function awsTrouble(error: unknown, region: string | undefined): AwsTrouble | undefined {
  let one = error as SdkError | undefined;
  for (let depth = 0; one && depth < DEPTH; depth++, one = one.cause as SdkError | undefined) {
    const said = sentence(one, region);
    if (said) return new AwsTrouble(said, { cause: error });
  }
  return undefined;
}

function sentence({ name = '', code = '', message = '' }: SdkError, region: string | undefined): string | undefined {
  if (WITHOUT_CREDENTIALS.has(name)) {
    return 'no AWS credentials: log in (aws sso login, aws configure), or set AWS_PROFILE or AWS_ACCESS_KEY_ID';
  }
  if (BAD_CREDENTIALS.has(name)) return `the AWS credentials are not valid or have expired (${name}): log in again`;
  // Its message names the action, the resource and who asked.
  if (DENIED.has(name)) return `these AWS credentials do not suffice: ${message || name}`;
  if (ABSENT.has(name)) return `a table, bucket or secret that the stack names does not exist (${name})`;
  if (UNREACHED.has(code) || name === 'TimeoutError') {
    return `AWS does not answer in ${region ?? 'this region'} (${code || name}): is the region right, is there a network?`;
  }
  if (/^Region is missing/.test(message)) return 'which region? Give --region, or set AWS_REGION';
  return undefined;
}
