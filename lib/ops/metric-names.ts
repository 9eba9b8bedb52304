/**
 * Names of the metrics that the functions and the holder emit, and that the dashboard and the alarms read. Each is
 * emitted with the dimension `Service`; where `by` names another dimension, once with both and once with `Service` alone.
 */
export const METRICS_NAMESPACE = 'DirectPush';
export const SERVICE_DIMENSION = 'Service';

interface MetricTraits {
  readonly unit: 'Count' | 'Milliseconds' | 'Seconds' | 'Percent';
  readonly by?: string;
}

export const METRICS = {
  /** Gauge of one task, once a minute: requests that wait. Its average over tasks is what the service scales on. */
  HeldRequests: { unit: 'Count' },
  /**
   * Requests that a wake ended, by what woke them: `fast-path`, `feed`, `sweep`, `reconnect`. What was there before the
   * request came is no wake.
   */
  Wakes: { unit: 'Count', by: 'Cause' },
  /** From the commit of a change to the first byte of the answer that tells of it. */
  CommitToResponse: { unit: 'Milliseconds' },
  /** From the commit of a change until its wake was posted, by way of the stream. */
  CommitToWake: { unit: 'Milliseconds' },
  /** Waiter rows whose task was gone. */
  StaleWaiters: { unit: 'Count' },
  /** Heartbeat intervals as phones ask for them. */
  Heartbeat: { unit: 'Seconds' },
  /** How long a Ping was held until its connection was cut from outside. */
  HeldUntilCut: { unit: 'Seconds' },
  /** Answered commands, by name. */
  Commands: { unit: 'Count', by: 'Command' },
  /** From the whole request to the whole answer, waiting left out. */
  CommandLatency: { unit: 'Milliseconds', by: 'Command' },
  /** Answers with HTTP 5xx and statuses that mean trouble of the server, by name of the failure. */
  Failures: { unit: 'Count', by: 'Failure' },
  /** Logins refused. */
  LoginsRefused: { unit: 'Count' },
  /** Items that could not be rendered and were left out of a Sync. */
  ItemsSkipped: { unit: 'Count' },
  /** Messages taken in. */
  MailDelivered: { unit: 'Count' },
  /** Messages for addresses that nobody has. */
  MailUnknownRecipient: { unit: 'Count' },
  /** Messages that a recipient did not get for another reason: `full`, `never-fits`, `moved`, `refused`. */
  MailRefused: { unit: 'Count', by: 'Reason' },
  /** Messages that became nothing, or of which nobody was told: `virus`, `spam`, `unproven` (the sender may be forged). */
  MailDropped: { unit: 'Count', by: 'Reason' },
  /** Requests of devices that asked too much, by the reason that they were told. */
  Throttled: { unit: 'Count', by: 'Reason' },
  /** Checks of a visit of the canary that failed, by the check; 0 for a visit without one. */
  CanaryFailures: { unit: 'Count', by: 'Check' },
  /** From a message of the canary being taken until its Ping was answered and the message synchronised. */
  CanaryPush: { unit: 'Milliseconds' },
  /** Requests of the lambda lane that were steered to the task lane. */
  LaneChanges: { unit: 'Count' },
} as const satisfies Readonly<Record<string, MetricTraits>>;

export type MetricName = keyof typeof METRICS;
