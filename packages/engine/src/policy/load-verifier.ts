/**
 * Loads the keys of a policy, and verifies its requirements with them.
 */
import { OutboardError } from '@outboard/oci';
import type { VerifiedSignature } from '../config/verification.ts';
import type { VerifyRequirement } from './check-policy.ts';
import type { PolicyDocument, PolicyRequirement } from './document/policy-document.ts';
import type { PolicyRequest } from './document/policy-request.ts';
import { loadSigstoreTrust } from './sigstore/sigstore-trust.ts';

/** Verifies one requirement, whose keys are loaded. */
type VerifyLoaded = (request: PolicyRequest) => Promise<readonly VerifiedSignature[]>;

/**
 * Load all keys, so that a missing one is noticed when the policy is put in force.
 * @throws {OutboardError} invalid, code `policy-file`; system when a file cannot be read
 */
export async function loadVerifier(policy: PolicyDocument): Promise<VerifyRequirement> {
  const verifiers = new Map<PolicyRequirement, VerifyLoaded>();
  for (const requirement of requirementsOf(policy)) {
    verifiers.set(requirement, await loadRequirement(requirement));
  }
  return async (requirement, request) => {
    const verify = verifiers.get(requirement);
    if (verify === undefined) throw new Error('a requirement of another policy');
    return await verify(request);
  };
}

function requirementsOf(policy: PolicyDocument): readonly PolicyRequirement[] {
  const scopes = [...policy.transports.values()].flatMap((transport) => [...transport.values()]);
  return [policy.default, ...scopes].flat();
}

async function loadRequirement(requirement: PolicyRequirement): Promise<VerifyLoaded> {
  switch (requirement.type) {
    case 'sigstoreSigned': {
      const trust = await loadSigstoreTrust(requirement);
      return async (request) => {
        const { verifySigstore } = await import('./sigstore/verify-sigstore.ts');
        return await verifySigstore(trust, request);
      };
    }
    case 'signedBy':
      return async () => {
        const message = '"signedBy", signatures of OpenPGP, cannot be verified: use "sigstoreSigned"';
        throw new OutboardError('forbidden', message, { code: 'signature' });
      };
    default:
      return async () => [];
  }
}
