import type { DeviceId, FolderId, MailboxId } from '../ops/ids.ts';
import type { Supersede, TaskMessage, Wake } from './types.ts';

/** Raised when the meaning changes; a task ignores what it does not know, and the sweep does the rest. */
const FORMAT = 1;

interface Packed {
  readonly v: number;
  readonly w?: readonly Wake[];
  readonly s?: readonly Supersede[];
  readonly c?: TaskMessage['cause'];
}

/**
 * A message as bytes, in as many pieces as `maxBytes` asks for. Each piece is a message of its own: they may arrive in
 * any order, and one that is lost loses nothing but its own wakes.
 */
export function packMessage(message: TaskMessage, maxBytes: number): Uint8Array[] {
  const { cause } = message;
  const pieces: Uint8Array[] = [];
  const cut = (wakes: readonly Wake[], supersedes: readonly Supersede[]): void => {
    const packed: Packed = {
      v: FORMAT,
      ...(wakes.length > 0 && { w: wakes }),
      ...(supersedes.length > 0 && { s: supersedes }),
      ...(cause && { c: cause }),
    };
    const bytes = Buffer.from(JSON.stringify(packed));
    if (bytes.length <= maxBytes || wakes.length + supersedes.length <= 1) {
      pieces.push(bytes);
      return;
    }
    const [half, other] = [Math.ceil(wakes.length / 2), Math.floor(supersedes.length / 2)];
    cut(wakes.slice(0, half), supersedes.slice(0, other));
    cut(wakes.slice(half), supersedes.slice(other));
  };
  cut(message.wakes, message.supersedes ?? []);
  return pieces;
}

/** `undefined` for bytes that are no message: those of another version, or answers of the gateway to a ping. */
export function unpackMessage(bytes: Uint8Array | string): TaskMessage | undefined {
  let packed: unknown;
  try {
    packed = JSON.parse(typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
  if (!isObject(packed) || packed.v !== FORMAT) return undefined;
  const { w = [], s = [], c } = packed;
  if (!Array.isArray(w) || !Array.isArray(s)) return undefined;
  return {
    wakes: w.flatMap((one) => wakeOf(one) ?? []),
    supersedes: s.flatMap((one) => supersedeOf(one) ?? []),
    ...((c === 'feed' || c === 'fast-path') && { cause: c }),
  };
}

function wakeOf(given: unknown): Wake | undefined {
  if (!isObject(given) || typeof given.mailbox !== 'string') return undefined;
  const { mailbox, folder, seq, added, at } = given;
  return {
    mailbox: mailbox as MailboxId,
    ...(typeof folder === 'string' && { folder: folder as FolderId }),
    ...(isCount(seq) && { seq }),
    ...(isCount(added) && { added }),
    ...(isCount(at) && { at }),
  };
}

function supersedeOf(given: unknown): Supersede | undefined {
  if (!isObject(given)) return undefined;
  const { mailbox, device, kind, folders, by, at } = given;
  if (typeof mailbox !== 'string' || typeof device !== 'string' || typeof by !== 'string' || !isCount(at)) {
    return undefined;
  }
  if ((kind !== 'ping' && kind !== 'sync') || !Array.isArray(folders)) return undefined;
  return {
    mailbox: mailbox as MailboxId,
    device: device as DeviceId,
    kind,
    folders: folders.filter((folder): folder is FolderId => typeof folder === 'string'),
    by,
    at,
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value);
