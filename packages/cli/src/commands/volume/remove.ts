/**
 * `outboard volume rm`
 */
import { removeVolume } from '../../client/volume-api.ts';
import { type CommandContext, forEachName } from '../command-context.ts';

/** Remove volumes with their content, and report all failures at the end. */
export async function remove(
  context: CommandContext,
  names: readonly string[],
  options: { readonly force?: boolean | undefined },
): Promise<void> {
  await forEachName(names, context, async (name) => {
    await removeVolume(context.client, name, options.force === true);
    context.host.stdout.write(`${name}\n`);
  });
}
