/**
 * Parses the rule by which the signed name is compared with the requested one.
 * @see containers-policy.json(5), "signedIdentity"
 */
import { isOutboardError, parseReference, showValue } from '@outboard/oci';
import type { IdentityRule } from './policy-document.ts';
import type { PolicyFields } from './policy-fields.ts';

/** The field `signedIdentity` of a requirement; absent is `matchRepoDigestOrExact`. @throws {OutboardError} invalid */
export function parseIdentityRule(requirement: PolicyFields): IdentityRule {
  if (!requirement.has('signedIdentity')) return { type: 'matchRepoDigestOrExact' };
  const fields = requirement.object('signedIdentity');
  const rule = parseRule(fields);
  fields.end();
  return rule;
}

function parseRule(fields: PolicyFields): IdentityRule {
  const type = fields.text('type');
  switch (type) {
    case 'matchExact':
    case 'matchRepoDigestOrExact':
    case 'matchRepository':
    case 'matchDigest':
      return { type };
    case 'exactReference':
      return { type, dockerReference: referenceText(fields, 'dockerReference') };
    case 'exactRepository':
      return { type, dockerRepository: repositoryText(fields, 'dockerRepository') };
    case 'remapIdentity':
      return { type, prefix: prefixText(fields, 'prefix'), signedPrefix: prefixText(fields, 'signedPrefix') };
    default:
      throw fields.refuse(`unknown type ${showValue(type)} of an identity`);
  }
}

function referenceText(fields: PolicyFields, name: string): string {
  const text = fields.text(name);
  const { tag, digest } = parse(fields, name, text);
  if (tag !== undefined || digest !== undefined) return text;
  throw fields.refuse(`"${name}" is ${showValue(text)}, want a reference with a tag or a digest`);
}

function repositoryText(fields: PolicyFields, name: string): string {
  const text = fields.text(name);
  const { tag, digest } = parse(fields, name, text);
  if (tag === undefined && digest === undefined) return text;
  throw fields.refuse(`"${name}" is ${showValue(text)}, want a repository without tag and digest`);
}

function parse(fields: PolicyFields, name: string, text: string) {
  try {
    return parseReference(text);
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    throw fields.refuse(`"${name}" is ${showValue(text)}: ${error.message}`);
  }
}

/** A registry, or a registry with the first parts of a path; never with tag, digest or a slash at its end. */
const prefixPattern =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

function prefixText(fields: PolicyFields, name: string): string {
  const text = fields.text(name);
  if (prefixPattern.test(text)) return text;
  throw fields.refuse(`"${name}" is ${showValue(text)}, want a registry or the beginning of a repository`);
}
