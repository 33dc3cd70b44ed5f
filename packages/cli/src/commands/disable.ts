/**
 * `outboard disable`
 */
import { disablePlugin } from '../client/plugin-api.ts';
import type { CommandContext } from './command-context.ts';
import { stopInUse } from './forced-stop.ts';

/** Stop a plugin and print its name. */
export async function disable(
  context: CommandContext,
  name: string,
  options: { readonly force?: boolean | undefined },
): Promise<void> {
  const command = `outboard disable --force ${name}`;
  await stopInUse(context, { name, command }, () =>
    disablePlugin(context.client, name, options.force === true),
  );
  context.host.stdout.write(`${name}\n`);
}
