/**
 * `outboard disable`
 */
import { disablePlugin } from '../client/plugin-api.ts';
import type { CommandContext } from './command-context.ts';

export async function disable(
  { client, host }: CommandContext,
  name: string,
  options: { readonly force?: boolean },
): Promise<void> {
  await disablePlugin(client, name, options.force === true);
  host.stdout.write(`${name}\n`);
}
