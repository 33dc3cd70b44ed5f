/**
 * `outboard restart`: Docker has disable and enable, which forget that the plugin should run.
 */
import { restartPlugin } from '../client/plugin-api.ts';
import { type CommandContext, forEachName } from './command-context.ts';

/** Restart plugins one after another, and print the name of each that is ready. */
export async function restart(
  context: CommandContext,
  names: readonly string[],
  options: { readonly force?: boolean },
): Promise<void> {
  await forEachName(names, context, async (name) => {
    await restartPlugin(context.client, name, options.force === true);
    context.host.stdout.write(`${name}\n`);
  });
}
