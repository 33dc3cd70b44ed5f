/**
 * The local name under which a remote plugin is installed.
 */
import { familiarString, OutboardError, parseReference, withDefaultTag, withoutDigest } from '@outboard/oci';

/**
 * @param alias the operator's choice; absent or '': the remote's own name and tag
 * @returns the familiar form, with a tag
 * @throws {OutboardError} invalid
 */
export function localName(remote: string, alias = ''): string {
  if (alias === '') {
    const reference = parseReference(remote);
    return familiarString(withDefaultTag(withoutDigest(reference)));
  }
  const reference = parseReference(alias);
  if (reference.digest !== undefined) throw new OutboardError('invalid', 'cannot use digest in plugin tag');
  return familiarString(withDefaultTag(reference));
}
