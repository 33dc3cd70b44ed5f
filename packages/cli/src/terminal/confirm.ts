/**
 * Ask a yes-or-no question. Anything but yes is no, and where nobody can answer nothing is asked.
 */
import { createInterface } from 'node:readline/promises';
import { CommandError } from '../command-error.ts';
import type { CommandHost } from '../host.ts';

/** A question, and what to use where nobody can be asked. */
export interface Question {
  /** Without the trailing ` [y/N] `. */
  readonly text: string;
  /** The flag that says yes in advance, for the error. */
  readonly flag: string;
}

/**
 * @returns whether the answer was `y` or `yes`, in any case; the end of the input is no
 * @throws {CommandError} if standard input is not a terminal
 */
export async function confirm(host: CommandHost, question: Question, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  const { stdin, stdout } = host;
  if (stdin.isTTY !== true) {
    throw new CommandError(
      `cannot ask "${question.text}" because standard input is not a terminal; use ${question.flag} to say yes`,
    );
  }
  // Without `terminal`, readline leaves line editing and Ctrl-C to the terminal itself.
  const lines = createInterface({ input: stdin, terminal: false });
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  try {
    stdout.write(`${question.text} [y/N] `);
    const answered = lines.question('', { signal });
    // Once the input has ended, the other side of the race may still fail.
    answered.catch(() => {});
    const answer = await Promise.race([answered, ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
