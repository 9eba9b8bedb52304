import { pino } from 'pino';

/** Values that may be logged. Bodies, subjects, addresses of correspondents and credentials are never among them. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined | null>>;

/** Structured log. Errors are logged by `error` and `code`, never as whole objects that could carry content. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogDestination {
  /** Default 2, standard error, so that standard output stays with the commands. */
  readonly descriptor?: number;
  /** Each line is out when the call returns. Default false. */
  readonly sync?: boolean;
}

/** One JSON line per event. */
export function createLog(level: LogLevel = 'info', { descriptor = 2, sync = false }: LogDestination = {}): Log {
  const out = pino({ level, base: null, messageKey: 'event' }, pino.destination({ dest: descriptor, sync }));
  const at = (name: 'debug' | 'info' | 'warn' | 'error') => (event: string, fields?: LogFields) =>
    out[name](fields ?? {}, event);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** What may be said of an error: its class and code. Messages can quote input, so they stay out. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = (error as { code?: unknown }).code;
  // The message stands before the frames, with line breaks of its own: what follows it is where, not what.
  const { stack = '', message } = error;
  const after = stack.indexOf(message);
  const frames = after < 0 ? '' : stack.slice(after + message.length);
  const at = /^ {4}at (.+)$/m.exec(frames)?.[0].trim();
  return { error: error.name, code: typeof code === 'string' || typeof code === 'number' ? code : undefined, at };
}
