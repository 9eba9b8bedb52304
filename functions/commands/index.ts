/** The commands with short requests and answers, over the load balancer. */
import { albFunction, openLambdaHost } from '../../lib/cloud/lambda.ts';
import { openRecoveryVault } from '../../lib/cloud/recovery-key.ts';

export const handler = albFunction(openLambdaHost(openRecoveryVault));
