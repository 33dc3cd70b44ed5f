/**
 * Verifies the signatures that a requirement asks for.
 */
import { OutboardError } from '@outboard/oci';
import type { VerifyRequirement } from './check-policy.ts';

/** Refuses what cannot be verified: no requirement is passed over. */
export const verifyRequirement: VerifyRequirement = async ({ type }) => {
  throw new OutboardError('forbidden', `"${type}" cannot be verified yet`, { code: 'signature' });
};
