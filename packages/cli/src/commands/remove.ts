/**
 * `outboard rm`
 */
import { withNextStep } from '../client/next-step.ts';
import { removePlugin } from '../client/plugin-api.ts';
import { type CommandContext, forEachName } from './command-context.ts';
import { stopInUse } from './forced-stop.ts';

/** Remove plugins, and report all failures at the end. */
export async function remove(
  context: CommandContext,
  names: readonly string[],
  options: { readonly force?: boolean | undefined },
): Promise<void> {
  await forEachName(names, context, async (name) => {
    const command = `outboard rm --force ${name}`;
    await withNextStep(/^plugin \S+ is enabled$/, `outboard disable ${name}, or ${command}`, () =>
      stopInUse(context, { name, command }, () => removePlugin(context.client, name, options.force === true)),
    );
    context.host.stdout.write(`${name}\n`);
  });
}
