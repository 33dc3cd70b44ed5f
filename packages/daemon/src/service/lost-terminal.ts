/**
 * A daemon that was started on a terminal may outlive it.
 */
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { fromCallback } from '@outboard/async';

const standardFiles = [0, 1, 2];

/** The standard outputs of a process. */
export interface StandardOutput {
  /** Whether one of them has no reader any more; known once everything that was written is taken. */
  isUnread(): Promise<boolean>;
}

/**
 * Keep the process alive when its terminal is closed, and let it end in order. From then on every write to the terminal
 * fails. At the end of the process Node.js gives terminals the modes back that they had at the start, and aborts when
 * that fails: one that is gone by then is closed before.
 */
export function surviveLostTerminal(): StandardOutput {
  let isUnread = false;
  const outputs = [process.stdout, process.stderr];
  for (const output of outputs) {
    // What is said there is for a reader who has left; the log has a handler of its own.
    output.on('error', (error: NodeJS.ErrnoException) => {
      isUnread ||= error.code === 'EPIPE';
    });
  }
  const terminals = standardFiles.filter((file) => isatty(file));
  process.on('exit', () => {
    // A terminal that was hung up no longer answers as one.
    for (const file of terminals) if (!isatty(file)) closeSync(file);
  });
  return {
    async isUnread() {
      await Promise.all(outputs.map((output) => fromCallback((done) => output.write('', () => done()))));
      return isUnread;
    },
  };
}
