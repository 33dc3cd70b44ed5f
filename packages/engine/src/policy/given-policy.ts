/**
 * A policy for one check, which a client sends.
 */
import { checkPolicy } from './check-policy.ts';
import { parsePolicyValue } from './document/parse-policy.ts';
import { policyError } from './document/policy-fields.ts';
import { loadVerifier, type VerifierDeps } from './load-verifier.ts';
import type { PolicyCheck } from './signature-policy.ts';

/** No policy has objects below this. */
const maxDepth = 8;

/**
 * Make a policy of a client's document.
 * @param value as in the policy's file, with keys as data: files of this host are not read for a client
 * @throws {OutboardError} invalid
 */
export async function openGivenPolicy(value: unknown, deps: VerifierDeps): Promise<PolicyCheck> {
  refusePaths(value, 0);
  const document = parsePolicyValue(value);
  const verify = await loadVerifier(document, deps);
  return { check: (request) => checkPolicy(document, request, verify) };
}

function refusePaths(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > maxDepth) throw policyError('', `it has objects in more than ${maxDepth} levels`);
  for (const [name, item] of Object.entries(value)) {
    if (/Paths?$/.test(name))
      throw policyError(name, 'want the key itself, in the field that ends with Data');
    refusePaths(item, depth + 1);
  }
}
