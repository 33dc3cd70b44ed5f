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
  const result = fileSchema.safeParse(withFlatProxies(document, source));
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

const proxyKeys = ['http-proxy', 'https-proxy', 'no-proxy'] as const;

/**
 * Docker's form of the proxies, an object `proxies` with the same keys.
 * @see dockerd(8), "proxies"
 */
function withFlatProxies(document: unknown, source: string): unknown {
  if (typeof document !== 'object' || document === null || !Object.hasOwn(document, 'proxies'))
    return document;
  const { proxies, ...others } = document as Readonly<Record<string, unknown>>; // of JSON
  const isObject = typeof proxies === 'object' && proxies !== null && !Array.isArray(proxies);
  const given = isObject ? Object.keys(proxies) : [];
  const fail = (why: string) =>
    new OutboardError('invalid', `configuration file ${JSON.stringify(source)}: "proxies": ${why}`);
  const unknown = given.find((key) => !(proxyKeys as readonly string[]).includes(key));
  if (!isObject || unknown !== undefined) {
    throw fail(
      `${isObject ? `unknown key ${JSON.stringify(unknown)}` : 'want an object'}; known are ${proxyKeys.join(', ')}`,
    );
  }
  const twice = given.find((key) => Object.hasOwn(others, key));
  if (twice !== undefined) throw fail(`"${twice}" is set beside it too: want one of them`);
  return { ...others, ...proxies };
}
