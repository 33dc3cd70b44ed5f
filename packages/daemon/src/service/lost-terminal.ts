/**
 * A daemon that was started on a terminal may outlive it.
 */
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

const standardFiles = [0, 1, 2];

/**
 * Keep the process alive when its terminal is closed, and let it end in order. From then on every write to the terminal
 * fails. At the end of the process Node.js gives terminals the modes back that they had at the start, and aborts when
 * that fails: one that is gone by then is closed before.
 */
export function surviveLostTerminal(): void {
  // What is said there is for a reader who has left; the log has a handler of its own.
  const ignore = () => undefined;
  process.stdout.on('error', ignore);
  process.stderr.on('error', ignore);
  const terminals = standardFiles.filter((file) => isatty(file));
  process.on('exit', () => {
    // A terminal that was hung up no longer answers as one.
    for (const file of terminals) if (!isatty(file)) closeSync(file);
  });
}
