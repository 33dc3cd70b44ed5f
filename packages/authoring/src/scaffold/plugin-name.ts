/**
 * Names of new plugins.
 */
import { familiarString, OutboardError, parseReference, withDefaultTag } from '@outboard/oci';

/** A checked name. */
export interface PluginName {
  /** As plugins are named, such as `acme/volumes:latest`. */
  readonly plugin: string;
  /** Its last part, such as `volumes`: the directory of the project and the name of the socket. */
  readonly short: string;
}

/** The socket's path must fit its address, and the name is a file and a module in every language. */
const maxShortLength = 50;

/**
 * Check the name of a new plugin.
 * @throws {OutboardError} invalid, with what would be right
 */
export function parsePluginName(text: string): PluginName {
  const want = 'want lower-case letters, digits and "-", such as "hello" or "acme/volumes:1.0"';
  let plugin: string;
  let short: string;
  try {
    const reference = parseReference(text);
    if (reference.digest !== undefined) throw new OutboardError('invalid', 'it has a digest');
    plugin = familiarString(withDefaultTag(reference));
    short = reference.path.slice(reference.path.lastIndexOf('/') + 1);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('invalid', `invalid plugin name "${text}": ${reason}; ${want}`, { cause });
  }
  if (!/^[a-z][a-z0-9-]*$/.test(short))
    throw new OutboardError('invalid', `invalid plugin name "${text}": its last part is "${short}"; ${want}`);
  if (short.length > maxShortLength) {
    throw new OutboardError(
      'invalid',
      `invalid plugin name "${text}": its last part has ${short.length} characters, at most ${maxShortLength} are possible`,
    );
  }
  return { plugin, short };
}
