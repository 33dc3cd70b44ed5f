/**
 * Asks the signature policy about a plugin that was found, before anything of it is read.
 */
import type { Reference } from '@outboard/oci';
import type { Verification } from '../../config/verification.ts';
import type { FoundPlugin } from '../../distribution/resolve-plugin.ts';
import type { PolicyCheck } from '../../policy/signature-policy.ts';

/** A plugin that was found, and where. */
export interface TrustedSource extends FoundPlugin {
  /** Archive that it is in; absent for a registry. */
  readonly archive?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Check a plugin. Its signatures are for the requested reference, whatever mirror or archive has the content.
 * @returns the proof for the record; undefined without a policy
 * @throws {OutboardError} forbidden, code `policy`; the errors of the source
 */
export function requireTrust(
  context: { readonly policy: PolicyCheck },
  reference: Reference,
  { repository: reader, resolved, index, archive, signal }: TrustedSource,
): Promise<Verification | undefined> {
  const transport = archive === undefined ? 'docker' : 'oci-archive';
  return context.policy.check({ reference, reader, manifest: resolved.descriptor, index, transport, signal });
}
