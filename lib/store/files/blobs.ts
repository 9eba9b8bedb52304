import { randomBytes } from 'node:crypto';
import {
  type FileHandle,
  mkdir,
  open,
  opendir,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { limit } from '../limits.ts';
import { BlobMissing, type Blobs } from '../ports.ts';
import { encodeSegment, pathOf, segmentOf } from './paths.ts';

export interface BlobLimits {
  /** Largest blob in bytes; a longer one is refused and leaves nothing. Default 256 MB. */
  readonly maxBytes?: number;
}

type Range = { readonly start: number; readonly end?: number };

/** Unfinished files; no key makes a name with a dot in front. */
const TEMPORARY = '.tmp';
/** A temporary file that is older than this belongs to a process that died. */
const ABANDONED_MS = 24 * 3_600_000;
const CHUNK = 64 * 1024;
/** Up to here a blob is one write. */
const ONE_WRITE = 256 * 1024;
const PARALLEL_DELETES = 16;

/** Blobs as files below `dir`. */
export async function openFileBlobs(dir: string, limits: BlobLimits = {}): Promise<Blobs> {
  const maxBytes = limit('maxBytes', limits.maxBytes ?? 256 * 1024 * 1024, 1, Number.MAX_SAFE_INTEGER);
  await mkdir(join(dir, TEMPORARY), { recursive: true, mode: 0o700 });
  await removeAbandoned(join(dir, TEMPORARY));
  return new FileBlobs(dir, maxBytes);
}

class FileBlobs implements Blobs {
  readonly #root: string;
  readonly #maxBytes: number;

  constructor(root: string, maxBytes: number) {
    this.#root = root;
    this.#maxBytes = maxBytes;
  }

  async put(key: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const path = pathOf(this.#root, key);
    if (bytes instanceof Uint8Array && bytes.byteLength <= Math.min(ONE_WRITE, this.#maxBytes)) {
      if (await this.#create(path, bytes)) return;
    }
    const temporary = join(this.#root, TEMPORARY, randomBytes(12).toString('hex'));
    try {
      await this.#write(temporary, bytes);
      await this.#place(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async get(key: string, range?: Range): Promise<Uint8Array | undefined> {
    const file = await openExisting(pathOf(this.#root, key));
    if (!file) return undefined;
    try {
      const { start, end } = clamp(range, (await file.stat()).size);
      const bytes = new Uint8Array(end - start);
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  }

  async *stream(key: string, range?: Range): AsyncIterable<Uint8Array> {
    const file = await openExisting(pathOf(this.#root, key));
    if (!file) throw new BlobMissing(key);
    try {
      const { start, end } = clamp(range, (await file.stat()).size);
      for (let at = start; at < end; ) {
        // A fresh buffer each time: the reader may keep what it got.
        const { bytesRead, buffer } = await file.read(new Uint8Array(Math.min(CHUNK, end - at)), { position: at });
        if (bytesRead === 0) return;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    const paths = keys.map((key) => pathOf(this.#root, key));
    for (let start = 0; start < paths.length; start += PARALLEL_DELETES) {
      await Promise.all(paths.slice(start, start + PARALLEL_DELETES).map((path) => this.#remove(path)));
    }
  }

  async *list(prefix: string): AsyncIterable<string> {
    const segments = prefix.split('/');
    const open = segments.slice(0, -1);
    const folder = join(this.#root, ...open.map(encodeSegment));
    yield* walk(folder, open.map((segment) => `${segment}/`).join(''), prefix);
  }

  /**
   * A small new blob under its own name at once, a third of the steps of a temporary one. Until the put resolves nothing
   * refers to it; what a crash or a full disk leaves of it is replaced by the next put.
   * @returns whether it did; not where there is a blob already, which readers may not see half written
   */
  async #create(path: string, bytes: Uint8Array): Promise<boolean> {
    const folder = dirname(path);
    let made: string | undefined;
    let file: FileHandle;
    try {
      file = await open(path, 'wx', 0o600).catch(async (error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error;
        made = await mkdir(folder, { recursive: true, mode: 0o700 });
        return await open(path, 'wx', 0o600);
      });
    } catch (error) {
      // There is one, or a delete took the empty folder away.
      if (codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOENT') return false;
      throw error;
    }
    try {
      await writeAll(file, bytes);
      const folders = made ? [folder, ...between(dirname(made), folder)] : [folder];
      // At once: a journal takes them together.
      await Promise.all([file.sync(), ...folders.map(syncFolder)]);
      return true;
    } catch (error) {
      // Through the handle: the name may be another put's by now.
      await file.truncate().catch(() => {});
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    } finally {
      await file.close();
    }
  }

  async #write(path: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const file = await open(path, 'wx', 0o600);
    try {
      let size = 0;
      for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
        size += chunk.byteLength;
        if (size > this.#maxBytes) throw new RangeError(`a blob takes ${this.#maxBytes} bytes`);
        await writeAll(file, chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Moves a finished file to its place and makes every name on the way there durable. */
  async #place(temporary: string, path: string): Promise<void> {
    const folder = dirname(path);
    for (let attempt = 1; ; attempt++) {
      try {
        const made = await mkdir(folder, { recursive: true, mode: 0o700 });
        await rename(temporary, path);
        await syncFolder(folder);
        if (made) for (const parent of between(dirname(made), folder)) await syncFolder(parent);
        return;
      } catch (error) {
        // A delete took the empty folder away between the two calls.
        if (codeOf(error) !== 'ENOENT' || attempt === 10) throw error;
      }
    }
  }

  async #remove(path: string): Promise<void> {
    try {
      await unlink(path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
      return;
    }
    for (let folder = dirname(path); folder !== this.#root; folder = dirname(folder)) {
      try {
        await rmdir(folder);
      } catch {
        return; // Not empty, or gone.
      }
    }
  }
}

async function* walk(folder: string, above: string, prefix: string): AsyncIterable<string> {
  const names = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of names) {
    const part = segmentOf(entry.name);
    if (!part) continue;
    const key = above + part.segment;
    if (part.file) {
      if (key.startsWith(prefix)) yield key;
    } else if (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`)) {
      yield* walk(join(folder, entry.name), `${key}/`, prefix);
    }
  }
}

function clamp(range: Range | undefined, size: number): { readonly start: number; readonly end: number } {
  const start = Math.min(Math.max(range?.start ?? 0, 0), size);
  return { start, end: Math.min(Math.max(range?.end ?? size, start), size) };
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) at += (await file.write(bytes, at)).bytesWritten;
}

async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** A new name is durable only when its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The folders from `top` down to the one above `folder`. */
function between(top: string, folder: string): string[] {
  const names = relative(top, folder).split(sep);
  return names.map((_, depth) => join(top, ...names.slice(0, depth)));
}

async function removeAbandoned(folder: string): Promise<void> {
  // The file system's own time, which is what the times of its files compare with. Fails here where nobody may write.
  const probe = join(folder, randomBytes(12).toString('hex'));
  await writeFile(probe, '');
  const now = (await stat(probe)).mtimeMs;
  await rm(probe);
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    const found = await stat(path).catch(() => undefined);
    if (found && now - found.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
  }
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code;
}
