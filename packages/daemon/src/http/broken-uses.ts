/**
 * The header of a forced stop: who used the plugin. Docker's answers to these requests have no body.
 */
import { isOutboardError, type PluginEngine, showReference } from '@outboard/engine';
import { textListHeader } from './text-list-header.ts';

/**
 * Read who uses a plugin before it is stopped.
 * @param force false: nothing is broken, since a plugin that is in use is not stopped
 * @returns the header of the answer
 */
export function brokenUses(
  { inspect, references }: Pick<PluginEngine, 'inspect' | 'references'>,
  name: string,
  force: boolean,
): Readonly<Record<string, string>> {
  if (!force) return {};
  return textListHeader('Outboard-Breaks', usesOf({ inspect, references }, name));
}

function usesOf(
  { inspect, references }: Pick<PluginEngine, 'inspect' | 'references'>,
  name: string,
): readonly string[] {
  try {
    return references.of(inspect(name).id).map(showReference);
  } catch (error) {
    // The operation reports that there is no such plugin; a damaged one has no references.
    if (isOutboardError(error)) return [];
    throw error;
  }
}
