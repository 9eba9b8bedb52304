/** The package: start the whole server, or build a host of your own around `createServer`. */
export type { Domain } from './embedded/domain.ts';
export { BadOption, type EmbeddedInput, EmbeddedOptions, readOptions } from './embedded/options.ts';
export { type Running, type StartSettings, start } from './embedded/start.ts';
export type { EasRequest, EasResponse, Handler, Held } from './http/types.ts';
export { type OtelSpan, type OtelTracer, openTelemetryTracer } from './ops/open-telemetry.ts';
export type { Span, SpanName, Tracer } from './ops/tracer.ts';
export { createServer, type ServerDeps } from './server.ts';
