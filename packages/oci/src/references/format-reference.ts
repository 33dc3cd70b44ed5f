/**
 * Formats references as text, and changes their tags. `parseReference` reads each of these texts back to the same
 * reference.
 */
import { OutboardError } from '../errors/outboard-error.ts';
import { isIdentifier, isTag, looksLikeDomain } from './grammar.ts';
import { defaultDomain, officialPrefix } from './parse-reference.ts';
import type { Reference } from './reference.ts';

const defaultTag = 'latest';

/** The full name without tag or digest, such as `docker.io/library/alpine`. */
export function canonicalName(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** The full name with tag and digest if there are any, such as `docker.io/acme/p:v1`. */
export function canonicalString(reference: Reference): string {
  return canonicalName(reference) + suffix(reference);
}

/**
 * The short name that Docker shows: `alpine`, `acme/p`, `reg:5000/acme/p`.
 * Unlike Docker's, it keeps `docker.io/` where the short name would mean another repository:
 * `docker.io/localhost/p` is not `localhost/p`.
 * @see distribution v2.8, reference/normalize.go `familiarizeName`
 */
export function familiarName(reference: Reference): string {
  const { domain, path } = reference;
  if (domain !== defaultDomain) return canonicalName(reference);
  const [first = '', second, third] = path.split('/');
  if (first === 'library' && second !== undefined && third === undefined) {
    return isIdentifier(second) ? canonicalName(reference) : path.slice(officialPrefix.length);
  }
  const isShortenable = second !== undefined && !looksLikeDomain(first);
  return isShortenable ? path : canonicalName(reference);
}

/** The short name with tag and digest if there are any. */
export function familiarString(reference: Reference): string {
  return familiarName(reference) + suffix(reference);
}

/** The reference with tag `latest` when it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  const isComplete = reference.tag !== undefined || reference.digest !== undefined;
  return isComplete ? reference : { ...reference, tag: defaultTag };
}

/**
 * The reference with another tag and the same digest.
 * @throws {OutboardError} invalid, with Docker's text
 */
export function withTag(reference: Reference, tag: string): Reference {
  if (!isTag(tag))
    throw new OutboardError('invalid', 'invalid tag format', { details: { tag: tag.slice(0, 300) } });
  return { ...reference, tag };
}

/** The reference without its digest. */
export function withoutDigest(reference: Reference): Reference {
  const { digest: _digest, ...rest } = reference;
  return rest;
}

function suffix({ tag, digest }: Reference): string {
  return (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);
}
