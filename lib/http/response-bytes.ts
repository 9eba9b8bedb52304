import { reasonOf } from './reasons.ts';
import type { EasResponse } from './types.ts';

/** How a connection goes on after an answer; node:http writes the same fields. */
export interface AfterAnswer {
  /** Epoch milliseconds, for `Date`. */
  readonly now: number;
  readonly close: boolean;
  readonly keepAliveMs: number;
}

/**
 * Status line and head of an answer, empty line included.
 * @throws TypeError for a header that would end its line: nothing of a request may write a header of its own
 */
export function responseHead(response: EasResponse, after: AfterAnswer): string {
  let head = `HTTP/1.1 ${response.status} ${reasonOf(response.status)}\r\n`;
  for (const name in response.headers) {
    const value = response.headers[name]!;
    if (!isFieldValue(value)) throw new TypeError(`header ${name} holds control characters`);
    head += `${name}: ${value}\r\n`;
  }
  head += `Date: ${dateField(after.now)}\r\n`;
  if (after.close) return `${head}Connection: close\r\n\r\n`;
  return `${head}Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(after.keepAliveMs / 1000)}\r\n\r\n`;
}

function isFieldValue(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false;
  }
  return true;
}

let second = -1;
let field = '';
/** The same text for every answer of one second. */
function dateField(now: number): string {
  const current = Math.floor(now / 1000);
  if (current !== second) {
    second = current;
    field = new Date(current * 1000).toUTCString();
  }
  return field;
}
