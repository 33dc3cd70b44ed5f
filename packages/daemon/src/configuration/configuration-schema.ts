/**
 * The schema of the configuration file, derived from the table of settings.
 */
import { OutboardError } from '@outboard/engine';
import * as z from 'zod';
import type { PartialConfiguration } from './configuration.ts';
import { settingKeys, settings } from './settings.ts';

const fileSchema = z.strictObject(
  Object.fromEntries(settingKeys.map((key) => [key, settings[key].kind.schema.optional()])),
);

/**
 * Check a parsed configuration file.
 * @param source its path, for messages
 * @throws {OutboardError} invalid; names every unknown key, and the known ones
 */
export function parseConfigurationDocument(document: unknown, source: string): PartialConfiguration {
  const result = fileSchema.safeParse(document);
  // Each key was checked by the schema of its own row, from which its type is inferred.
  if (result.success) return result.data as PartialConfiguration;
  const reasons = result.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const unknown = issue.keys.map((key) => JSON.stringify(key)).join(', ');
      return `unknown key ${unknown}; known are ${settingKeys.join(', ')}`;
    }
    return issue.path.length === 0 ? issue.message : `"${issue.path.join('.')}": ${issue.message}`;
  });
  throw new OutboardError('invalid', `configuration file ${JSON.stringify(source)}: ${reasons.join('; ')}`);
}
