/**
 * `POST /outboard/v1/verify`: checks the signatures of a plugin in a registry. Docker has no such route.
 */
import { OutboardError, type PluginEngine, toPrivilegeDocument, type VerifiedPlugin } from '@outboard/engine';
import { readRemoteOptions } from '../../http/remote-options.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';
import { toVerificationDocument } from '../../plugin-list/verification-document.ts';

/** Answers 200 for a plugin that is refused as well: `Accepted` says so. */
export function verifyRoute(engine: Pick<PluginEngine, 'verify'>): Route {
  return {
    method: 'POST',
    path: '/outboard/v1/verify',
    async handle({ query, headers, body, signal }) {
      const options = readRemoteOptions(query, headers);
      const givenPolicy = readPolicy(await body.json());
      const remote = query.get('remote') ?? '';
      return jsonReply(200, toDocument(await engine.verify(remote, { ...options, givenPolicy, signal })));
    },
  };
}

/** @returns undefined for the policy in force */
function readPolicy(document: unknown): unknown {
  if (document === undefined || document === null) return undefined;
  if (typeof document === 'object' && 'Policy' in document) return document.Policy ?? undefined;
  throw new OutboardError('invalid', 'the body has no "Policy": want a policy, or null for the one in force');
}

function toDocument({
  digest,
  indexDigest,
  isAccepted,
  reason,
  verification,
  consent,
}: VerifiedPlugin): object {
  return {
    Digest: digest,
    IndexDigest: indexDigest,
    Accepted: isAccepted,
    Reason: reason,
    Verification: verification && toVerificationDocument(verification),
    Consent: consent && {
      GrantedAt: consent.grantedAt.toISOString(),
      Privileges: consent.privileges.map(toPrivilegeDocument),
    },
  };
}
