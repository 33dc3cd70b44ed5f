/**
 * Keeps a daemon running when the terminal that started it is closed.
 */
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { fromCallback } from '@outboard/async';

const standardDescriptors = [0, 1, 2];

/** The standard outputs of a process. */
export interface StandardOutput {
  /** Resolves when all output is written: true if the reader of stdout or stderr has gone. */
  isUnread(): Promise<boolean>;
}

/**
 * Keep the process alive when its terminal is closed, and prevent an abort at its end. Writes to a closed terminal fail. At
 * exit Node.js restores the modes of terminals and aborts if that fails, so that a closed terminal is closed here before.
 */
export function surviveLostTerminal(): StandardOutput {
  let isUnread = false;
  const outputs = [process.stdout, process.stderr];
  for (const output of outputs) {
    // Without a handler the error would end the process. The log has its own.
    output.on('error', (error: NodeJS.ErrnoException) => {
      isUnread ||= error.code === 'EPIPE';
    });
  }
  const terminals = standardDescriptors.filter((descriptor) => isatty(descriptor));
  process.on('exit', () => {
    // A terminal after a hang-up is no longer a terminal for isatty().
    for (const descriptor of terminals) if (!isatty(descriptor)) closeSync(descriptor);
  });
  return {
    async isUnread() {
      await Promise.all(outputs.map((output) => fromCallback((done) => output.write('', () => done()))));
      return isUnread;
    },
  };
}
