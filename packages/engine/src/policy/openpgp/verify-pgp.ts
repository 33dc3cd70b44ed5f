/**
 * Verifies the signatures of a plugin against one requirement for signatures of OpenPGP, "simple signing".
 * @see containers-signature(5)
 */
import type { Cancellable } from '@outboard/async';
import { type Digest, isOutboardError, OutboardError, type Reference } from '@outboard/oci';
import type { VerifiedSignature } from '../../config/verification.ts';
import { identityMismatch } from '../document/match-identity.ts';
import type { PolicyRequest } from '../document/policy-request.ts';
import { describeProblems, SignatureProblem } from '../document/signature-problem.ts';
import { readSignedPayload } from '../document/signed-payload.ts';
import type { PgpTrust } from './keyring.ts';
import { verifyMessage } from './verify-message.ts';

/** Upper bound of signatures that are looked at. */
const maxSignatures = 32;

/** Finds signatures of a manifest outside of registries. */
export interface SignatureStore {
  /** Where it looks for those of this repository, for messages. */
  describe(reference: Reference): string;
  /**
   * The signatures of a manifest or index in a repository, in their order; not verified.
   * @throws {OutboardError} when one cannot be read
   */
  read(reference: Reference, digest: Digest, options: Cancellable): AsyncIterable<Buffer>;
}

/** Parts that a verification needs. */
export interface VerifyPgpDeps {
  readonly store: SignatureStore;
  readonly scratchDirectory: string;
}

/**
 * Verify all signatures.
 * @returns those that meet the requirement, at least one
 * @throws {OutboardError} forbidden, code `signature`, with the reasons; the errors of the store if none suffices
 */
export async function verifyPgp(
  trust: PgpTrust,
  request: PolicyRequest,
  { store, scratchDirectory }: VerifyPgpDeps,
): Promise<readonly VerifiedSignature[]> {
  const { reference, signal } = request;
  const { messages, failure } = await readMessages(store, request);
  const verified: VerifiedSignature[] = [];
  const problems: string[] = [];
  for (const [index, message] of messages.entries()) {
    try {
      const signed = await verifyMessage(message, trust.keyring, { scratchDirectory, signal });
      verified.push(requireFit(signed, trust, request));
    } catch (error) {
      if (!(error instanceof SignatureProblem)) throw error;
      problems.push(`signature ${index + 1} ${error.message}`);
    }
  }
  if (verified.length > 0) return verified;
  if (failure !== undefined) throw failure;
  const wanted = trust.keys.map(({ name, fingerprint }) => `${name} (${fingerprint})`).join(', ');
  const reason =
    problems.length === 0
      ? `it is not signed: there is no signature in ${store.describe(reference)}`
      : describeProblems(problems);
  const message = `${reason}; want a signature of OpenPGP by ${wanted}`;
  throw new OutboardError('forbidden', message, { code: 'signature' });
}

/** Signatures of the manifest first; one of the index covers its manifests. */
async function readMessages(store: SignatureStore, { reference, manifest, index, signal }: PolicyRequest) {
  const messages: Buffer[] = [];
  let failure: OutboardError | undefined;
  for (const subject of [manifest, index]) {
    if (subject === undefined) continue;
    try {
      for await (const message of store.read(reference, subject.digest, { signal })) {
        if (messages.length < maxSignatures) messages.push(message);
        else break;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!isOutboardError(error)) throw error;
      failure ??= error;
    }
  }
  return { messages, failure };
}

function requireFit(
  { payload, fingerprint, signedAt }: Awaited<ReturnType<typeof verifyMessage>>,
  trust: PgpTrust,
  { reference, manifest, index }: PolicyRequest,
): VerifiedSignature {
  if (!trust.keys.some((key) => key.fingerprint === fingerprint)) {
    throw new SignatureProblem(`was made by another key (${fingerprint})`);
  }
  const { digest, identity } = readSignedPayload(payload, 'atomic container signature');
  if (digest !== manifest.digest && digest !== index?.digest) {
    throw new SignatureProblem(`is for ${digest}, not for ${manifest.digest}`);
  }
  const mismatch = identityMismatch(trust.identity, identity, reference);
  if (mismatch !== undefined) throw new SignatureProblem(`of ${fingerprint} does not count: ${mismatch}`);
  return { kind: 'pgp', key: fingerprint, identity, digest, storage: 'lookaside', signedAt };
}
