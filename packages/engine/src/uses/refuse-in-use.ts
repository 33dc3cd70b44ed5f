/**
 * The refusal to stop or remove a plugin that someone needs, in Docker's words and with the names of those who do.
 * @see moby daemon/pkg/plugin/errors.go, inUseError (28.x)
 */
import { OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginUse, PluginUses } from './plugin-uses.ts';

/** How many uses an error names. */
const maxNamed = 5;

/** @throws {OutboardError} conflict, code `in-use`, when anyone uses the plugin */
export function refuseInUse({ id, name }: PluginRecord, uses: Pick<PluginUses, 'of'>): void {
  const all = uses.of(id);
  if (all.length === 0) return;
  throw new OutboardError('conflict', `plugin ${name} is in use: ${describeUses(all)}`, { code: 'in-use' });
}

function describeUses(uses: readonly PluginUse[]): string {
  const named = uses
    .slice(0, maxNamed)
    .map(({ kind, holder, since }) => `${kind} ${holder} (since ${since.toISOString()})`);
  const more = uses.length - named.length;
  return more === 0 ? named.join(', ') : `${named.join(', ')} and ${more} more`;
}
