/**
 * Verify: check the signatures of a plugin in a registry, and install nothing.
 */
import { type Digest, isOutboardError } from '@outboard/oci';
import type { Verification } from '../../config/verification.ts';
import { type FetchOptions, parseRemote, resolvePlugin } from '../../distribution/resolve-plugin.ts';
import type { Consent } from '../../store/consents.ts';
import type { EngineContext } from '../engine-context.ts';
import { requireTrust } from './require-trust.ts';

/** Choices of a verification. */
export interface VerifyOptions extends FetchOptions {
  /**
   * Another policy than the one in force: a document as in its file, with keys as data and never as paths.
   * @see containers-policy.json(5)
   */
  readonly givenPolicy?: unknown;
}

/** Result of a verification. */
export interface VerifiedPlugin {
  readonly digest: Digest;
  /** Index out of which the manifest was chosen. */
  readonly indexDigest?: Digest | undefined;
  /** True if it may be installed under this policy. */
  readonly isAccepted: boolean;
  /** The proof; absent when it is refused, and without a policy. */
  readonly verification?: Verification | undefined;
  /** Reason of a refusal. */
  readonly reason?: string | undefined;
  /** The last consent for this very manifest on this host. */
  readonly consent?: Consent | undefined;
}

/** @throws {OutboardError} invalid for a malformed policy; the registry's errors */
export async function verifyPlugin(
  context: Pick<EngineContext, 'registry' | 'archives' | 'policy' | 'consents'>,
  remote: string,
  { givenPolicy, ...options }: VerifyOptions,
): Promise<VerifiedPlugin> {
  const reference = parseRemote(remote);
  const found = await resolvePlugin(context, reference, options);
  const { digest } = found.resolved.descriptor;
  const policy = givenPolicy === undefined ? context.policy : await context.policy.openGiven(givenPolicy);
  const facts = { digest, indexDigest: found.index?.digest, consent: context.consents.find(digest) };
  try {
    const verification = await requireTrust({ policy }, reference, {
      ...found,
      archive: options.archive,
      signal: options.signal,
    });
    return { ...facts, isAccepted: true, verification };
  } catch (error) {
    if (!isOutboardError(error) || error.code !== 'policy') throw error;
    return { ...facts, isAccepted: false, reason: error.message };
  }
}
