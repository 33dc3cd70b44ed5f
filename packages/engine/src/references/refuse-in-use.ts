/**
 * The refusal to stop or remove a plugin that has references, in Docker's words and with the holders' names.
 * @see moby daemon/pkg/plugin/errors.go, inUseError (28.x)
 */
import { OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginReference, PluginReferences } from './plugin-references.ts';
import { showReference } from './show-reference.ts';

/** Bound on the references that an error names. */
const maxNamed = 5;

/** @throws {OutboardError} conflict, code `in-use`, when the plugin has references */
export function refuseInUse(
  { id, name }: Pick<PluginRecord, 'id' | 'name'>,
  references: Pick<PluginReferences, 'of'>,
): void {
  const all = references.of(id);
  if (all.length === 0) return;
  throw new OutboardError('conflict', `plugin ${name} is in use: ${describe(all)}`, { code: 'in-use' });
}

/** The same, after a look at who uses the plugin now. @throws {OutboardError} as `refuseInUse` */
export async function refuseInUseNow(
  plugin: Pick<PluginRecord, 'id' | 'name'>,
  references: Pick<PluginReferences, 'of' | 'refresh'>,
): Promise<void> {
  if (references.of(plugin.id).length > 0) await references.refresh(plugin.id);
  refuseInUse(plugin, references);
}

function describe(references: readonly PluginReference[]): string {
  const named = references.slice(0, maxNamed).map(showReference);
  const more = references.length - named.length;
  return more === 0 ? named.join(', ') : `${named.join(', ')} and ${more} more`;
}
