/** Provision and OPTIONS over the load balancer. */
import { albFunction, openLambdaHost } from '../../lib/cloud/lambda.ts';

export const handler = albFunction(openLambdaHost());
