/**
 * The parameter `format` of requests that make manifests.
 */
import { type CreateRequest, OutboardError } from '@outboard/engine';

/** Read the format; empty counts as absent. @throws {OutboardError} invalid */
export function parseManifestFormat(text: string | null): CreateRequest['format'] {
  if (text === null || text === '') return undefined;
  if (text === 'docker' || text === 'oci') return text;
  throw new OutboardError('invalid', `invalid format ${JSON.stringify(text)}: want docker or oci`);
}
