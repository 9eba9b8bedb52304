import type { Log, LogFields } from '../ops/log.ts';
import type { Metrics } from '../ops/metrics.ts';
import { THROTTLED } from '../protocol/throttle.ts';

/** Counts what is logged anyway, so that nothing else of the product need know that there are metrics. */
export function measuredLog(log: Log, metrics: Metrics): Log {
  const counted =
    (write: (event: string, fields?: LogFields) => void) =>
    (event: string, fields: LogFields = {}) => {
      count(metrics, event, fields);
      write(event, fields);
    };
  return {
    debug: counted((event, fields) => log.debug(event, fields)),
    info: counted((event, fields) => log.info(event, fields)),
    warn: counted((event, fields) => log.warn(event, fields)),
    error: counted((event, fields) => log.error(event, fields)),
  };
}

function count(metrics: Metrics, event: string, fields: LogFields): void {
  switch (event) {
    case 'request':
      countRequest(metrics, fields);
      break;
    case 'login-refused':
      metrics.add('LoginsRefused', 1);
      break;
    case 'sync.item.skipped':
    case 'sync.item.left-out':
      metrics.add('ItemsSkipped', 1);
      break;
    case 'delivered':
      if (fields.new !== false) metrics.add('MailDelivered', 1);
      break;
  }
}

function countRequest(metrics: Metrics, { command, failure, status, ms }: LogFields): void {
  if (typeof command === 'string') {
    metrics.add('Commands', 1, command);
    if (typeof ms === 'number') metrics.add('CommandLatency', ms, command);
  }
  if (typeof failure === 'string' && failure.startsWith(THROTTLED)) {
    metrics.add('Throttled', 1, failure.slice(THROTTLED.length));
    return;
  }
  const trouble = typeof status === 'number' && status >= 500;
  // A client that went away, or one that a policy or a bad password stops, is no failure of the server.
  if (trouble || failure === 'store' || failure === 'unexpected') {
    metrics.add('Failures', 1, typeof failure === 'string' ? failure : `http-${status}`);
  }
}
