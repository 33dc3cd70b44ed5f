/**
 * `outboard volume inspect`
 */
import { inspectVolume } from '../../client/volume-api.ts';
import { withVolumeMaps } from '../../output/go-values.ts';
import { formatInspected, parseInspectFormat } from '../../output/inspect-format.ts';
import { type CommandContext, forEachName } from '../command-context.ts';

/** Print what is there, and then fail for what is not. */
export async function inspect(
  context: CommandContext,
  names: readonly string[],
  { format }: { readonly format?: string | undefined },
): Promise<void> {
  const wanted = parseInspectFormat(format);
  const found: object[] = [];
  try {
    await forEachName(names, context, async (name) => {
      found.push(await inspectVolume(context.client, name));
    });
  } finally {
    context.host.stdout.write(formatInspected(found, wanted, withVolumeMaps));
  }
}
