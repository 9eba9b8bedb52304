/** A SyncKey: `<generation>.<counter>`. A generation begins with every Sync under key 0 and is never used again. */
export interface SyncKey {
  readonly generation: string;
  readonly counter: number;
}

/** MS-ASCMD 2.2.3.181.4: a key has at most 64 characters. */
const SHAPE = /^([A-Za-z0-9_-]{1,48})\.([1-9][0-9]{0,14})$/;

export const INITIAL_KEY = '0';

export function formatKey(key: SyncKey): string {
  return `${key.generation}.${key.counter}`;
}

/** `undefined` for anything that this server cannot have handed out, `0` included. */
export function parseKey(text: string): SyncKey | undefined {
  const match = SHAPE.exec(text);
  return match ? { generation: match[1]!, counter: Number(match[2]) } : undefined;
}

/**
 * What a key means for a stored state whose last returned key is `last`: `current` acknowledges the last answer,
 * `repeat` asks for the last answer again, anything else is status 3 (MS-ASCMD 2.2.3.177.17). The first key has
 * nothing before it to repeat: a lost answer to key 0 is asked for with key 0.
 */
export function judgeKey(text: string, last: SyncKey): 'current' | 'repeat' | 'invalid' {
  const key = parseKey(text);
  if (!key || key.generation !== last.generation) return 'invalid';
  if (key.counter === last.counter) return 'current';
  return key.counter === last.counter - 1 ? 'repeat' : 'invalid';
}

const SEPARATOR = '+';
const KNOWN = '!';

/**
 * The origin of a change that belongs to several collections at once: MoveItems names the key of both folders, the
 * target's last. `known`: the device must not hear of what came to the target.
 */
export function joinKeys(keys: readonly string[], known = false): string {
  return keys.join(SEPARATOR) + (known ? KNOWN : '');
}

/** The place of an origin's key in one generation. */
export interface Within {
  readonly counter: number;
  /** The change belongs to another collection as well. */
  readonly shared: boolean;
  readonly known: boolean;
}

/** Whether an origin's key was handed out under this generation; `undefined` if not. */
export function counterWithin(originKey: string, generation: string): Within | undefined {
  const marked = originKey.endsWith(KNOWN);
  const names = (marked ? originKey.slice(0, -KNOWN.length) : originKey).split(SEPARATOR);
  for (const [place, name] of names.entries()) {
    const key = parseKey(name);
    if (key?.generation !== generation) continue;
    return { counter: key.counter, shared: names.length > 1, known: marked && place === names.length - 1 };
  }
  return undefined;
}
