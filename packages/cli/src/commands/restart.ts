/**
 * `outboard restart`. Docker has only disable and enable, between which the plugin is recorded as disabled.
 */
import { restartPlugin } from '../client/outboard-api.ts';
import { type CommandContext, forEachName } from './command-context.ts';

/** Restart plugins one after another, and print the name of each one that is ready. */
export async function restart(
  context: CommandContext,
  names: readonly string[],
  options: { readonly force?: boolean | undefined },
): Promise<void> {
  await forEachName(names, context, async (name) => {
    await restartPlugin(context.client, name, options.force === true);
    context.host.stdout.write(`${name}\n`);
  });
}
