import type { LogFields } from './log.ts';

/**
 * What is worth a span: a request until it is answered or held; a look at a mailbox for a request that is held; telling
 * tasks of changes. The hours that a request waits are none: a tracing system would keep them open.
 */
export type SpanName = 'request' | 'look' | 'wake';

/** A piece of work that is under way. */
export interface Span {
  /** What the log may say as well: never content, never credentials. */
  set(fields: LogFields): void;
}

/** A tracing system: OpenTelemetry (`open-telemetry.ts`), X-Ray (`lib/cloud/xray.ts`), or one of yours. */
export interface Tracer {
  /** Runs `work` as a span, which ends with it; what it throws is noted and thrown on. Nothing waits for the system. */
  run<T>(name: SpanName, work: (span: Span) => Promise<T>): Promise<T>;
}

export const NO_SPAN: Span = { set() {} };

/** Without a tracer the work is called, and nothing else. */
export function traced<T>(tracer: Tracer | undefined, name: SpanName, work: (span: Span) => Promise<T>): Promise<T> {
  return tracer ? tracer.run(name, work) : work(NO_SPAN);
}
