/**
 * `outboard disable`
 */
import { disablePlugin } from '../client/plugin-api.ts';
import type { CommandContext } from './command-context.ts';

/** Stop a plugin and print its name. */
export async function disable(
  { client, host }: CommandContext,
  name: string,
  options: { readonly force?: boolean | undefined },
): Promise<void> {
  await disablePlugin(client, name, options.force === true);
  host.stdout.write(`${name}\n`);
}
