/**
 * Signature policies for tests.
 */
import { tmpdir } from 'node:os';
import { openGivenPolicy } from '../policy/given-policy.ts';
import type { PolicyCheck, SignaturePolicy } from '../policy/signature-policy.ts';

/** A policy that decides so, and makes others of documents without places of signatures. */
export function policyOf(check: PolicyCheck['check']): SignaturePolicy {
  const files = { fetchFile: async () => undefined };
  return {
    check,
    openGiven: (value) =>
      openGivenPolicy(value, { scratchDirectory: tmpdir(), files, lookasideDirectory: '' }),
  };
}

/** The policy of a document, with keys as data and without places of signatures. */
export async function givenPolicy(document: unknown): Promise<SignaturePolicy> {
  const { check } = await policyOf(async () => undefined).openGiven(document);
  return policyOf(check);
}
