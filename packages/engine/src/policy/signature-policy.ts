/**
 * The contract of the signature policy: decides from the signatures of a plugin whether it may be installed.
 */
import type { Verification } from '../config/verification.ts';
import type { PolicyRequest } from './document/policy-request.ts';

/** Decides before a config or a layer is read. */
export interface SignaturePolicy {
  /**
   * @returns the proof that the record keeps; undefined when there is no policy
   * @throws {OutboardError} forbidden, code `policy`, with every reason; the errors of the reader
   */
  check(request: PolicyRequest): Promise<Verification | undefined>;
}
