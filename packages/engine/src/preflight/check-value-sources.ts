/**
 * Looks for the sources of values that settings name, without reading them. Commands are not run.
 */
import type { Cancellable } from '@outboard/async';
import { requireHostFile } from '@outboard/container';
import { isOutboardError, showValue } from '@outboard/oci';
import type { Plugin } from '../config/plugin-config.ts';
import { locateValue, parseValueSource, type ValueSurroundings } from '../config/value-source.ts';
import { type Finding, ofPlugin } from './finding.ts';

/** @returns a problem for each source that is not there. @throws the reason of the signal */
export async function checkValueSources(
  { name, settings }: Pick<Plugin, 'name' | 'settings'>,
  surroundings: ValueSurroundings,
  options: Cancellable,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const setting of settings.sourced ?? []) {
    const entry = settings.env.find((candidate) => candidate.startsWith(`${setting}=`));
    if (entry === undefined) continue;
    const text = entry.slice(setting.length + 1);
    try {
      const place = locateValue(parseValueSource(text, setting), surroundings);
      if (place.kind === 'file') await requireHostFile(place.path, options);
    } catch (error) {
      if (!isOutboardError(error)) throw error;
      const what = `setting ${showValue(setting)}`;
      const why = `${what} comes from ${showValue(text)}: ${error.message}`;
      const remedy = `provide it, or set another value: outboard set ${name} ${setting}=VALUE`;
      findings.push(ofPlugin(what, why, remedy));
    }
  }
  return findings;
}
