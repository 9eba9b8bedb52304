/**
 * The lane cookie: a function that must not hold a request sets it, a rule of the load balancer sends whoever brings
 * it to the holder. Clients that keep no cookies are told by X-MS-Location or by a rule for their User-Agent.
 */
export const LANE_COOKIE = 'DirectPushLane';
export const TASK_LANE = 'task';
/** As it stands in a Cookie header. */
export const LANE_COOKIE_PAIR = `${LANE_COOKIE}=${TASK_LANE}`;
/** As a function sets it; for a day, after which the function is asked again. */
export const LANE_COOKIE_SET = `${LANE_COOKIE_PAIR}; Path=/; Max-Age=86400; Secure; HttpOnly`;
