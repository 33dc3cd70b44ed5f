/**
 * Bounds on the options of an author, whom no operator is asked about: an author restricts a plugin and never weakens
 * its isolation, and asks for no more of the host than the engine's own defaults, with the exceptions in the table.
 */
import { OutboardError } from '@outboard/oci';
import { type AuthorRule, withoutOptions } from './option-row.ts';
import { optionRows } from './option-table.ts';
import type { PluginOverrides } from './plugin-options.ts';

/**
 * Refuse options that only an operator decides about.
 * @param subject name of the document, for messages
 * @throws {OutboardError} invalid
 */
export function refuseOperatorOptions(options: PluginOverrides, subject: string): void {
  const isRefused = optionRows.some(({ read, description: { author } }) => {
    const value = read(options);
    return value !== undefined && (author === 'none' || (author === 'only true' && value !== true));
  });
  if (!isRefused) return;
  throw new OutboardError(
    'invalid',
    `${subject}: only the operator decides about ${fieldsWith('none')}; ${fieldsWith('only true')} may only be true`,
  );
}

function fieldsWith(rule: AuthorRule): string {
  const fields = optionRows
    .filter(({ description }) => description.author === rule)
    .map(({ field }) => field);
  const quoted = fields.map((field) => JSON.stringify(field));
  return `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
}

/**
 * Leave out the values of an author's options that are beyond the bounds.
 * @param warn called for each of them
 */
export function boundAuthorOptions(
  options: PluginOverrides,
  warn: (warning: string) => void,
): PluginOverrides {
  const excess = new Set<string>();
  for (const { key, field, read, description } of optionRows) {
    const problem = excessOf(read(options), description.author);
    if (problem === undefined) continue;
    excess.add(key);
    warn(`${JSON.stringify(field)}: ${problem}`);
  }
  // Only optional fields have bounds, so that the rest is of the same type.
  return withoutOptions(options, excess) as PluginOverrides;
}

function excessOf(value: unknown, rule: AuthorRule): string | undefined {
  if (typeof rule === 'string' || typeof value !== 'number') return undefined;
  const [word, bound] = 'most' in rule ? (['most', rule.most] as const) : (['least', rule.least] as const);
  if (word === 'most' ? value <= bound : value >= bound) return undefined;
  return `${value} is not taken: an author may ask for at ${word} ${bound}`;
}
