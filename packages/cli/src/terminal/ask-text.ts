/**
 * Questions for a line of text. A secret is not shown while it is typed.
 */
import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import type { CommandHost, InputStream } from '../command-host.ts';

/** A question. */
export interface TextQuestion {
  readonly prompt: string;
  /** True for a password. */
  readonly isSecret: boolean;
}

const maxLength = 64 * 1024;
/** Keys of a terminal in raw mode, which sends them to the program. */
const keys = { interrupt: '\x03', endOfInput: '\x04', clear: '\x15' } as const;
const escapeKey = '\x1b';

/**
 * Ask on the terminal.
 * @returns the line without its end; undefined if the input ends before one
 * @throws the signal's reason when aborted, also after Ctrl-C
 */
export async function askText(
  { stdin, stdout }: CommandHost,
  { prompt, isSecret }: TextQuestion,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted();
  // Before the prompt: keys that follow it at once must not be shown either.
  if (isSecret) stdin.setRawMode?.(true);
  stdout.write(prompt);
  if (!isSecret) return await readLine(stdin, takeLine, signal);
  try {
    return await readLine(stdin, takeSecret, signal);
  } finally {
    stdin.setRawMode?.(false);
    stdout.write('\n');
  }
}

/** A complete line and the input after it; undefined while it is not complete. */
type TakeLine = (typed: string) => { readonly line: string | undefined; readonly rest: string } | undefined;

const takeLine: TakeLine = (typed) => {
  const end = typed.indexOf('\n');
  return end < 0 ? undefined : { line: typed.slice(0, end).replace(/\r$/, ''), rest: typed.slice(end + 1) };
};

/** Applies the keys that a terminal would apply itself outside of raw mode. */
const takeSecret: TakeLine = (typed) => {
  const characters = [...typed];
  let line: string[] = [];
  for (let index = 0; index < characters.length; index++) {
    const key = characters[index] ?? '';
    const rest = characters.slice(index + 1).join('');
    if (key === '\r' || key === '\n') return { line: line.join(''), rest };
    if (key === keys.endOfInput && line.length === 0) return { line: undefined, rest };
    if (key === keys.interrupt) return interrupt();
    if (key === escapeKey) index += sequenceLength(rest);
    else if (key === keys.clear) line = [];
    else if (key === '\x7f' || key === '\b') line.pop();
    else if (key >= ' ') line.push(key);
  }
  return undefined;
};

/** Length of what follows the escape character of a key such as an arrow, in ASCII. */
function sequenceLength(rest: string): number {
  return /^(?:\[[0-9;]*[A-Za-z~]|O[A-Z])/.exec(rest)?.[0].length ?? 0;
}

/** In raw mode the terminal sends no signal. The signal ends the question, a moment later. */
function interrupt(): undefined {
  process.kill(process.pid, 'SIGINT');
}

async function readLine(
  stdin: InputStream,
  take: TakeLine,
  signal: AbortSignal,
): Promise<string | undefined> {
  const decoder = new StringDecoder('utf8');
  let typed = '';
  // The end comes without `readable` when everything was read before it.
  const ended = Promise.race(['end', 'close'].map((event) => once(stdin, event)));
  ended.catch(() => undefined);
  for (;;) {
    const chunk: Buffer | string | null = stdin.read();
    if (chunk === null) {
      if (stdin.readableEnded || stdin.destroyed) return typed === '' ? undefined : typed;
      await Promise.race([once(stdin, 'readable', { signal }), ended]).catch((error: unknown) => {
        signal.throwIfAborted();
        throw error;
      });
      continue;
    }
    typed += typeof chunk === 'string' ? chunk : decoder.write(chunk);
    const taken = take(typed);
    if (taken !== undefined) {
      if (taken.rest !== '') stdin.unshift(Buffer.from(taken.rest));
      return taken.line;
    }
    if (typed.length > maxLength) return undefined;
  }
}
