/**
 * What users type to name a plugin.
 */
import {
  familiarString,
  isOutboardError,
  OutboardError,
  parseReference,
  withDefaultTag,
} from '@outboard/oci';

/** The stored form of a typed name; undefined for what cannot be one: unparsable text, or a digest. */
export function familiarNameOf(typed: string): string | undefined {
  try {
    const reference = parseReference(typed);
    return reference.digest === undefined ? familiarString(withDefaultTag(reference)) : undefined;
  } catch (error) {
    if (isOutboardError(error, 'invalid')) return undefined; // Docker answers "not found" to names it cannot parse
    throw error;
  }
}

/** The refusal of an ID prefix that several plugins have, in Docker's words. */
export function refuseAmbiguous(prefix: string): never {
  throw new OutboardError('invalid', `multiple plugins found for ${JSON.stringify(prefix)}`, {
    code: 'ambiguous-prefix',
  });
}
