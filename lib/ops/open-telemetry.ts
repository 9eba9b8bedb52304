import type { Tracer } from './tracer.ts';

/** Of `@opentelemetry/api` what is used; its own `Tracer` fits, so that nobody who traces nothing has to install it. */
export interface OtelSpan {
  setAttribute(name: string, value: string | number | boolean): unknown;
  setStatus(status: { readonly code: number }): unknown;
  end(): void;
}
export interface OtelTracer {
  startActiveSpan<F extends (span: OtelSpan) => unknown>(name: string, work: F): ReturnType<F>;
}

/** `SpanStatusCode.ERROR`. */
const FAILED = 2;

/** Spans by OpenTelemetry: `start(options, { tracer: openTelemetryTracer(trace.getTracer('direct-push')) })`. */
export function openTelemetryTracer(tracer: OtelTracer): Tracer {
  return {
    run: (name, work) =>
      tracer.startActiveSpan(`direct-push.${name}`, async (span) => {
        try {
          return await work({
            set(fields) {
              for (const [key, value] of Object.entries(fields)) {
                if (value !== undefined && value !== null) span.setAttribute(`direct_push.${key}`, value);
              }
            },
          });
        } catch (error) {
          // The class and no more: messages may quote input.
          span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
          span.setStatus({ code: FAILED });
          throw error;
        } finally {
          span.end();
        }
      }),
  };
}
