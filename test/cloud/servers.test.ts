/** What the tests of this folder need; without it they are skipped, and nothing of AWS was tested. */
import { expect, it } from 'vitest';
import { missing } from '../support/servers/dynamodb.ts';
import { s3Missing } from '../support/servers/s3.ts';

const reason = missing('dynoxide') ?? s3Missing();
/** It can be installed here, so that its absence is a defect of the checkout. */
const possible = process.platform === 'linux' && process.arch === 'x64';

it(`the servers that stand for AWS are there${reason ? `: ${reason}, so nothing of AWS was tested` : ''}`, ({
  skip,
}) => {
  if (!possible && process.env.CI !== 'true') skip(reason !== undefined, reason);
  expect(reason).toBeUndefined();
});
