/**
 * Compares the name in a signature with the name that was asked for, so that a signature which was copied to another
 * repository proves nothing there.
 * @see containers-policy.json(5), "signedIdentity"
 */
import {
  canonicalName,
  canonicalString,
  isOutboardError,
  parseReference,
  type Reference,
} from '@outboard/oci';
import type { IdentityRule } from './policy-document.ts';

/**
 * Compare.
 * @param signed name in the signature; undefined when it has none
 * @returns undefined for a match, else what was found and wanted
 */
export function identityMismatch(
  rule: IdentityRule,
  signed: string | undefined,
  requested: Reference,
): string | undefined {
  if (rule.type === 'matchDigest') return undefined;
  if (signed === undefined || signed === '') {
    return 'it names no repository, as bundles of cosign 3 do: sign with "cosign sign --new-bundle-format=false --use-signing-config=false", or accept any name with "signedIdentity": {"type": "matchDigest"}';
  }
  const found = parseSigned(signed);
  if (found === undefined) return `it is for the malformed name ${JSON.stringify(signed.slice(0, 300))}`;
  return isMatch(rule, found, requested)
    ? undefined
    : `it is for ${JSON.stringify(signed)}, not ${wanted(rule, found, requested)}`;
}

function parseSigned(signed: string): Reference | undefined {
  try {
    return parseReference(signed);
  } catch (error) {
    if (isOutboardError(error)) return undefined;
    throw error;
  }
}

function isMatch(rule: IdentityRule, signed: Reference, requested: Reference): boolean {
  switch (rule.type) {
    case 'matchDigest':
      return true;
    case 'matchRepository':
      return canonicalName(signed) === canonicalName(requested);
    case 'matchExact':
      return isExact(signed, requested);
    case 'matchRepoDigestOrExact':
      return isExactOrByDigest(signed, requested);
    case 'exactReference':
      return isExact(signed, parseReference(rule.dockerReference));
    case 'exactRepository':
      return canonicalName(signed) === canonicalName(parseReference(rule.dockerRepository));
    case 'remapIdentity':
      return isExactOrByDigest(signed, remap(rule, requested));
  }
}

/** A name alone never matches: it would stand for every tag. */
function isExact(signed: Reference, requested: Reference): boolean {
  const hasObject = signed.tag !== undefined || signed.digest !== undefined;
  return hasObject && canonicalString(signed) === canonicalString(requested);
}

/** Of a reference by digest only the repository is compared: the digest was compared with the signature's already. */
function isExactOrByDigest(signed: Reference, requested: Reference): boolean {
  if (requested.tag !== undefined) return isExact(signed, requested);
  return requested.digest !== undefined && canonicalName(signed) === canonicalName(requested);
}

/** The name under which the mirror's content was signed; the same name where the prefix does not match. */
function remap(rule: IdentityRule & { readonly type: 'remapIdentity' }, requested: Reference): Reference {
  const name = canonicalName(requested);
  if (name !== rule.prefix && !name.startsWith(`${rule.prefix}/`)) return requested;
  const { tag, digest } = requested;
  const renamed = parseReference(rule.signedPrefix + name.slice(rule.prefix.length));
  return { ...renamed, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

function wanted(rule: IdentityRule, signed: Reference, requested: Reference): string {
  switch (rule.type) {
    case 'exactReference':
      return rule.dockerReference;
    case 'exactRepository':
      return rule.dockerRepository;
    case 'remapIdentity':
      return canonicalString(remap(rule, requested));
    case 'matchRepository':
    case 'matchDigest':
      return canonicalName(requested);
    default:
      return canonicalString(requested) + hintAtRepository(signed, requested);
  }
}

/** cosign signs the name of the repository alone. */
function hintAtRepository(signed: Reference, requested: Reference): string {
  const isBare = signed.tag === undefined && signed.digest === undefined;
  const isSame = canonicalName(signed) === canonicalName(requested);
  return isBare && isSame
    ? ' ("signedIdentity": {"type": "matchRepository"} accepts names without a tag)'
    : '';
}
