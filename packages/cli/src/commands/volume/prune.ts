/**
 * `outboard volume prune`
 * @see docker/cli cli/command/volume/prune.go (28.x)
 */
import { pruneVolumes } from '../../client/volume-api.ts';
import { CommandError } from '../../command-error.ts';
import { parseFilters } from '../../options/list-filters.ts';
import { confirm } from '../../terminal/confirm.ts';
import { escapeText } from '../../terminal/escape-text.ts';
import { formatBytes } from '../../terminal/format-bytes.ts';
import type { CommandContext } from '../command-context.ts';

/** Flags of `outboard volume prune`. */
export interface PruneFlags {
  readonly all?: boolean | undefined;
  readonly force?: boolean | undefined;
  /** `label=KEY[=VALUE]` or `label!=KEY[=VALUE]` */
  readonly filter?: readonly string[] | undefined;
}

/** Remove unused volumes after a question, and print their names and the reclaimed space. */
export async function prune({ client, host, signal }: CommandContext, flags: PruneFlags): Promise<void> {
  const given = parseFilters(flags.filter ?? []);
  if (flags.all === true && 'all' in given) {
    throw new CommandError('conflicting options: cannot specify both --all and --filter all=1');
  }
  const filters = flags.all === true ? { ...given, all: { true: true } as const } : given;
  const chosen = flags.all === true ? 'all volumes' : 'the volumes that were created without a name and are';
  const text = `This removes ${chosen} not mounted through the daemon, with their data. Continue?`;
  if (flags.force !== true && !(await confirm(host, { text, flag: '--force' }, signal))) return;
  const { removed, bytes } = await pruneVolumes(client, filters);
  if (removed.length > 0) {
    host.stdout.write(`Deleted Volumes:\n${removed.map((name) => `${escapeText(name)}\n`).join('')}\n`);
  }
  host.stdout.write(`Total reclaimed space: ${formatBytes(bytes)}\n`);
}
