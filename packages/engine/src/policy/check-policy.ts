/**
 * Checks a plugin against a policy: all requirements of the scope that applies must hold.
 */
import { canonicalString, OutboardError } from '@outboard/oci';
import type { Verification, VerifiedSignature } from '../config/verification.ts';
import type { PgpRequirement, PolicyDocument, SigstoreRequirement } from './document/policy-document.ts';
import type { PolicyRequest } from './document/policy-request.ts';
import { chooseRequirements } from './document/policy-scope.ts';

/**
 * Verifies the signatures that a requirement asks for.
 * @returns those that meet it, at least one
 * @throws {OutboardError} forbidden, code `signature`, when none does; the errors of the reader
 */
export type VerifyRequirement = (
  requirement: PgpRequirement | SigstoreRequirement,
  request: PolicyRequest,
) => Promise<readonly VerifiedSignature[]>;

/** @throws {OutboardError} forbidden, code `policy`; the errors of the reader */
export async function checkPolicy(
  policy: PolicyDocument,
  request: PolicyRequest,
  verify: VerifyRequirement,
): Promise<Verification> {
  const { scope, requirements } = chooseRequirements(policy, request.reference, request.transport);
  const signatures: VerifiedSignature[] = [];
  for (const requirement of requirements) {
    if (requirement.type === 'insecureAcceptAnything') continue;
    if (requirement.type === 'reject') throw refused(request, scope, 'its requirement is "reject"');
    try {
      signatures.push(...(await verify(requirement, request)));
    } catch (error) {
      if (error instanceof OutboardError && error.code === 'signature') {
        throw refused(request, scope, error.message, error);
      }
      throw error;
    }
  }
  return { checkedAt: new Date(), scope, signatures };
}

function refused(
  { reference, manifest }: PolicyRequest,
  scope: string,
  reason: string,
  cause?: unknown,
): OutboardError {
  const message = `the signature policy refuses ${canonicalString(reference)} (${manifest.digest}): scope "${scope}": ${reason}`;
  return new OutboardError('forbidden', message, { code: 'policy', cause });
}
