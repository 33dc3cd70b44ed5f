/**
 * `outboard enable`
 */
import { enablePlugin } from '../client/plugin-api.ts';
import { CommandError } from '../command-error.ts';
import type { CommandContext } from './command-context.ts';

/** @param options.timeout seconds that a call to the plugin may take, 0 for no limit */
export async function enable(
  { client, host }: CommandContext,
  name: string,
  options: { readonly timeout: string; readonly createMounts?: boolean },
): Promise<void> {
  if (!/^-?\d{1,9}$/.test(options.timeout)) {
    throw new CommandError(`invalid timeout "${options.timeout}": it must be whole seconds`, {
      exitCode: 125,
    });
  }
  const seconds = Number(options.timeout);
  if (seconds < 0) throw new CommandError(`negative timeout ${seconds} is invalid`);
  await enablePlugin(client, name, seconds, options);
  host.stdout.write(`${name}\n`);
}
