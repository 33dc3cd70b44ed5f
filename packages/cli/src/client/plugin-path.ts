/**
 * Paths of the plugin routes.
 */
import { CommandError } from '../command-error.ts';

/**
 * Path of a route for one plugin. Slashes, colons and at signs of the name stay, as in Docker's client; all other reserved
 * characters are escaped, so that no name leads to another route.
 * @param action such as `/json`, or ''
 * @throws {CommandError} for an empty name
 */
export function pluginPath(name: string, action: string): string {
  if (name.trim() === '') throw new CommandError('invalid plugin name: value is empty');
  const encoded = encodeURIComponent(name).replace(/%(2F|3A|40)/g, decodeURIComponent);
  return `/plugins/${encoded}${action}`;
}
