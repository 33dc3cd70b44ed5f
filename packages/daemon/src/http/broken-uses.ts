/**
 * The header of a forced stop: who used the plugin. Docker's answers to these requests have no body.
 */
import { isOutboardError, type PluginEngine, showReference } from '@outboard/engine';

/** A JSON list of texts, in ASCII; absent when nobody used the plugin. */
const header = 'Outboard-Breaks';
/** Bound on the texts, since clients limit the size of headers. */
const maxNamed = 16;

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
  const texts = usesOf({ inspect, references }, name);
  if (texts.length === 0) return {};
  const more = texts.length - maxNamed;
  const named = more > 0 ? [...texts.slice(0, maxNamed), `${more} more`] : texts;
  return { [header]: toAscii(JSON.stringify(named)) };
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

function toAscii(text: string): string {
  return text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
