import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Clock } from '../ops/clock.ts';
import type { LogFields } from '../ops/log.ts';
import { NO_SPAN, type Tracer } from '../ops/tracer.ts';

/** Of the trace that an invocation belongs to, where it is one of the sampled. */
interface Parent {
  readonly trace_id: string;
  readonly parent_id: string;
}

/** First line of a datagram to the daemon, which runs beside every function. */
const HEADER = '{"format":"json","version":1}\n';

/**
 * Subsegments of a function's own segment, one datagram each: no call, no waiting, and none of a library's loading time
 * at a cold start. The runtime names the trace in the environment, another one for every invocation.
 * @param send for tests
 */
export function xrayTracer(
  clock: Clock,
  env: NodeJS.ProcessEnv = process.env,
  send: (datagram: string) => void = datagrams(env.AWS_XRAY_DAEMON_ADDRESS),
): Tracer {
  return {
    async run(name, work) {
      const parent = parentOf(env._X_AMZN_TRACE_ID);
      if (!parent) return work(NO_SPAN);
      const start_time = clock.now() / 1000;
      const annotations: Record<string, string | number | boolean> = {};
      let fault = false;
      try {
        return await work({ set: (fields) => annotate(annotations, fields) });
      } catch (error) {
        fault = true;
        throw error;
      } finally {
        const id = randomBytes(8).toString('hex');
        const span = { type: 'subsegment', name, id, ...parent, start_time, end_time: clock.now() / 1000, annotations };
        send(HEADER + JSON.stringify(fault ? { ...span, fault } : span));
      }
    },
  };
}

/** `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1` */
function parentOf(header = ''): Parent | undefined {
  const parts = new Map(header.split(';').map((part) => part.split('=', 2) as [string, string]));
  const [root, parent] = [parts.get('Root'), parts.get('Parent')];
  return root && parent && parts.get('Sampled') === '1' ? { trace_id: root, parent_id: parent } : undefined;
}

function annotate(annotations: Record<string, string | number | boolean>, fields: LogFields): void {
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null) annotations[key] = value;
  }
}

/** A span that gets lost is lost: the daemon may be away, and nothing waits for it. */
function datagrams(address = '127.0.0.1:2000'): (datagram: string) => void {
  // Also `tcp:127.0.0.1:2000 udp:127.0.0.1:2000`.
  const [, host = '127.0.0.1', port = '2000'] = /(?:^|udp:)([^\s:]+):(\d+)$/.exec(address) ?? [];
  const socket = createSocket('udp4').unref();
  socket.on('error', () => {});
  return (datagram) => socket.send(datagram, Number(port), host, () => {});
}
