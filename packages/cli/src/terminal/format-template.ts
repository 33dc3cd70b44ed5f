/**
 * The part of Go's templates that scripts use with `docker plugin`: `{{.Field}}`, `{{.Field.Inner}}`, `{{json .Field}}`
 * and text around them.
 * @see docker/cli templates/templates.go (28.x)
 */
import { CommandError } from '../command-error.ts';
import { encodePrintableJson, escapeText } from './escape-text.ts';

const action = /\{\{-?\s*(json\s+)?(\.(?:\w+(?:\.\w+)*)?)\s*-?\}\}/g;

/** @throws {CommandError} if the template holds anything else, or a field that is not there */
export function formatTemplate(template: string, value: unknown): string {
  const rest = template.replace(action, '');
  if (rest.includes('{{') || rest.includes('}}')) {
    throw new CommandError(
      `template "${template}" is not supported: use {{.Field}}, {{json .Field}} or json`,
    );
  }
  return template
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t')
    .replace(action, (_, json: string | undefined, path: string) => {
      const found = path.split('.').filter(Boolean).reduce(child, value);
      return json === undefined ? formatValue(found) : encodePrintableJson(found);
    });
}

/** Go's names and the wire's differ in case only: `.ID` is `Id`. */
function child(parent: unknown, name: string): unknown {
  if (typeof parent === 'object' && parent !== null) {
    const entries = Object.entries(parent);
    const match =
      entries.find(([key]) => key === name) ??
      entries.find(([key]) => key.toLowerCase() === name.toLowerCase());
    if (match !== undefined) return match[1];
  }
  throw new CommandError(`template: there is no field "${name}"`);
}

/** As Go prints values. */
function formatValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(formatValue).join(' ')}]`;
  if (typeof value === 'object') return encodePrintableJson(value);
  return escapeText(String(value));
}
