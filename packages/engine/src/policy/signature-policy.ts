/**
 * The contract of the signature policy: decides from the signatures of a plugin whether it may be installed.
 */
import type { Verification } from '../config/verification.ts';
import type { PolicyRequest } from './document/policy-request.ts';

/** Decides before a config or a layer is read. */
export interface PolicyCheck {
  /**
   * @returns the proof that the record keeps; undefined when there is no policy
   * @throws {OutboardError} forbidden, code `policy`, with every reason; the errors of the reader
   */
  check(request: PolicyRequest): Promise<Verification | undefined>;
}

/** The policy in force. */
export interface SignaturePolicy extends PolicyCheck {
  /**
   * Make another policy, for one check.
   * @param value a document as in a policy's file, with keys as data: files of this host are not read for a client
   * @throws {OutboardError} invalid
   */
  openGiven(value: unknown): Promise<PolicyCheck>;
}
