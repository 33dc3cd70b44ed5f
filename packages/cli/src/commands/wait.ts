/**
 * `outboard wait`
 */
import { waitForPlugin } from '../client/host-api.ts';
import { CommandError } from '../command-error.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Exit code of timeout(1). */
const timedOut = 124;

/**
 * Wait until all plugins are ready, and print the name of each one that is.
 * @param options.timeout seconds for all plugins together, 0 for no limit
 * @throws {CommandError} exit code 124 after the time limit
 */
export async function wait(
  { client, host }: CommandContext,
  names: readonly string[],
  options: { readonly timeout: string },
): Promise<void> {
  if (!/^\d{1,5}$/.test(options.timeout) || Number(options.timeout) > 86_400) {
    throw new CommandError(`invalid timeout "${options.timeout}": it must be 0 to 86400 seconds`, {
      exitCode: 125,
    });
  }
  const seconds = Number(options.timeout);
  const end = performance.now() + seconds * 1000;
  for (const name of names) {
    // Waiting in turn takes as long as the slowest plugin. The daemon takes whole seconds, and 0 for no limit.
    const left = seconds === 0 ? 0 : Math.max(1, Math.ceil((end - performance.now()) / 1000));
    const { isReady, status, reason } = await waitForPlugin(client, name, left);
    if (!isReady) {
      const why = reason === '' ? status : `${status}: ${reason}`;
      throw new CommandError(`plugin ${name} is not ready after ${seconds} s: ${escapeText(why)}`, {
        exitCode: timedOut,
      });
    }
    host.stdout.write(`${name}\n`);
  }
}
