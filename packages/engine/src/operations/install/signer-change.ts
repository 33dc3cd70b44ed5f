/**
 * A change of the signers between two versions of a plugin, which an operator may want to know of.
 */
import type { Verification } from '../../config/verification.ts';

/** @returns a sentence; undefined when the signers are the same, or the version before had none */
export function describeSignerChange(
  before: Verification | undefined,
  after: Verification | undefined,
): string | undefined {
  const [old, next] = [signersOf(before), signersOf(after)];
  if (old.length === 0 || old.join() === next.join()) return undefined;
  const now = next.length === 0 ? 'nobody that was asked for' : next.join(' and ');
  return `the signer changes: the version before was signed by ${old.join(' and ')}, this one by ${now}`;
}

function signersOf(verification: Verification | undefined): readonly string[] {
  const names = (verification?.signatures ?? []).map(({ kind, key, subject, issuer }) => {
    if (kind !== 'certificate' || subject === undefined) return `the key ${key}`;
    return issuer === undefined ? subject : `${subject} (${issuer})`;
  });
  return [...new Set(names)].sort();
}
