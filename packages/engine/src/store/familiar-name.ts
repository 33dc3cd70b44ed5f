/**
 * Names of plugins as users type them.
 */
import {
  familiarString,
  isOutboardError,
  OutboardError,
  parseReference,
  withDefaultTag,
} from '@outboard/oci';

/** The stored form of a typed name; undefined for text that cannot be parsed, and for digests. */
export function familiarNameOf(typed: string): string | undefined {
  try {
    const reference = parseReference(typed);
    return reference.digest === undefined ? familiarString(withDefaultTag(reference)) : undefined;
  } catch (error) {
    if (isOutboardError(error, 'invalid')) return undefined; // Docker answers "not found" to names it cannot parse
    throw error;
  }
}

/** Refuse an ID prefix that several plugins have, with Docker's text. @throws {OutboardError} invalid */
export function refuseAmbiguous(prefix: string): never {
  throw new OutboardError('invalid', `multiple plugins found for ${JSON.stringify(prefix)}`, {
    code: 'ambiguous-prefix',
  });
}
