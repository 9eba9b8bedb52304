/** Sync over the load balancer. A request that would wait is sent to the holder by the lane cookie. */
import { albFunction, openLambdaHost } from '../../lib/cloud/lambda.ts';

export const handler = albFunction(openLambdaHost());
