/**
 * Yes-or-no questions. Any answer but yes is no.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { CommandError } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';

/** A question, and the flag that answers it in scripts. */
export interface Question {
  /** Without the trailing ` [y/N] `. */
  readonly text: string;
  /** The flag that means yes, for the error. */
  readonly flag: string;
}

/**
 * Ask a question.
 * @returns whether the answer was `y` or `yes`, in any case; the end of the input is no
 * @throws {CommandError} if standard input is not a terminal
 */
export async function confirm(host: CommandHost, question: Question, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  const { stdin, stdout } = host;
  if (stdin.isTTY !== true) {
    throw new CommandError(
      `cannot ask "${question.text}" because standard input is not a terminal; use ${question.flag} to confirm`,
    );
  }
  stdout.write(`${question.text} [y/N] `);
  const answer = await readAnswer(stdin, signal);
  if (answer === undefined) stdout.write('\n');
  return /^y(es)?$/i.test(answer?.trim() ?? '');
}

/** @returns the next line, or undefined if the input ends before one */
async function readAnswer(input: CommandHost['stdin'], signal: AbortSignal): Promise<string | undefined> {
  // With `terminal: false`, line editing and Ctrl-C stay with the terminal itself.
  const lines = createInterface({ input, terminal: false, signal });
  try {
    const [answer] = (await Promise.race([once(lines, 'line'), once(lines, 'close')])) as [string?];
    signal.throwIfAborted();
    return answer;
  } finally {
    lines.close();
  }
}
