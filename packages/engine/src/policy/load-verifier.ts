/**
 * Loads the keys of a policy, and verifies its requirements with them.
 */
import type { FileFetcher } from '@outboard/oci';
import type { VerifiedSignature } from '../config/verification.ts';
import type { VerifyRequirement } from './check-policy.ts';
import type { PgpRequirement, PolicyDocument, PolicyRequirement } from './document/policy-document.ts';
import type { PolicyRequest } from './document/policy-request.ts';
import { loadLookaside } from './lookaside/load-lookaside.ts';
import { createLookasideStore } from './lookaside/lookaside-store.ts';
import { loadPgpTrust } from './openpgp/keyring.ts';
import type { SignatureStore } from './openpgp/verify-pgp.ts';
import { loadSigstoreTrust } from './sigstore/sigstore-trust.ts';

/** Parts that verification needs. */
export interface VerifierDeps {
  /** Existing directory for temporary files, which only this user reads. */
  readonly scratchDirectory: string;
  /** Fetches signatures beside registries. */
  readonly files: FileFetcher;
  /** Directory of files that say where signatures of OpenPGP are; '' for none; default Podman's. */
  readonly lookasideDirectory?: string | undefined;
}

/** Verifies one requirement, whose keys are loaded. */
type VerifyLoaded = (request: PolicyRequest) => Promise<readonly VerifiedSignature[]>;

/**
 * Load all keys, so that a missing one is noticed when the policy is put in force.
 * @throws {OutboardError} invalid, code `policy-file`; system when a file cannot be read
 */
export async function loadVerifier(policy: PolicyDocument, deps: VerifierDeps): Promise<VerifyRequirement> {
  const requirements = requirementsOf(policy);
  // Files of another program do no harm to a policy that does not ask for what they are about.
  const needsStore = requirements.some(({ type }) => type === 'signedBy');
  const places = needsStore ? await loadLookaside(deps.lookasideDirectory) : undefined;
  const store = places && createLookasideStore(places, deps.files);
  const verifiers = new Map<PolicyRequirement, VerifyLoaded>();
  for (const requirement of requirements) {
    verifiers.set(requirement, await loadRequirement(requirement, store, deps));
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

async function loadRequirement(
  requirement: PolicyRequirement,
  store: SignatureStore | undefined,
  deps: VerifierDeps,
): Promise<VerifyLoaded> {
  if (requirement.type === 'sigstoreSigned') {
    const trust = await loadSigstoreTrust(requirement);
    return async (request) => {
      const { verifySigstore } = await import('./sigstore/verify-sigstore.ts');
      return await verifySigstore(trust, request);
    };
  }
  if (requirement.type === 'signedBy' && store !== undefined) {
    return await loadPgpRequirement(requirement, store, deps);
  }
  return async () => [];
}

async function loadPgpRequirement(
  requirement: PgpRequirement,
  store: SignatureStore,
  { scratchDirectory }: VerifierDeps,
): Promise<VerifyLoaded> {
  const trust = await loadPgpTrust(requirement);
  return async (request) => {
    const { verifyPgp } = await import('./openpgp/verify-pgp.ts');
    return await verifyPgp(trust, request, { store, scratchDirectory });
  };
}
