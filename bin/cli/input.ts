import { CliError } from './output.ts';

/** All of standard input, at most `limit` bytes. */
export async function readStdin(limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new CliError(`standard input is longer than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A password: asked for without echo on a terminal, the first line of standard input otherwise. */
export async function readPassword(prompt: string): Promise<string> {
  const password = process.stdin.isTTY ? await ask(prompt) : firstLine(await readStdin(4_096));
  if (password === '') throw new CliError('the password is empty');
  return password;
}

const firstLine = (input: Buffer) => input.toString('utf8').split(/\r?\n/, 1)[0] ?? '';

const ENTER = new Set(['\r', '\n']);
const ERASE = new Set(['\u007f', '\b']);

function ask(prompt: string): Promise<string> {
  process.stderr.write(`${prompt}: `);
  process.stdin.setRawMode(true);
  process.stdin.setEncoding('utf8');
  return new Promise((resolve, reject) => {
    let typed = '';
    const end = (finish: () => void) => {
      process.stdin.setRawMode(false);
      process.stdin.pause();
      process.stdin.off('data', read);
      process.stderr.write('\n');
      finish();
    };
    const read = (text: string) => {
      for (const key of text) {
        if (ENTER.has(key)) return end(() => resolve(typed));
        if (key === '\u0003') return end(() => reject(new CliError('interrupted')));
        typed = ERASE.has(key) ? typed.slice(0, -1) : typed + key;
      }
    };
    process.stdin.on('data', read);
  });
}
