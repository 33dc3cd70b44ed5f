/**
 * The grammar of references, as patterns that run in linear time on hostile text.
 * They accept the language of distribution/reference v0.6.0 (regexp.go); the nested repetitions of
 * the original, harmless in Go, would backtrack exponentially here and are written without ambiguity.
 */

/** Characters of a repository name with its domain. @see distribution v2.8, reference.go `NameTotalLengthMax` */
export const maxNameLength = 255;

const hostComponent = '[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*';
const host = `(?:${hostComponent}(?:\\.${hostComponent})*|\\[[a-fA-F0-9:]+\\])`;
const pathComponent = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';

const domainPattern = new RegExp(`^${host}(?::[0-9]+)?$`);
const pathPattern = new RegExp(`^${pathComponent}(?:/${pathComponent})*$`);
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const identifierPattern = /^[a-f0-9]{64}$/;

/** True for a registry host with an optional port: a DNS name, an IPv4 address or `[IPv6]`. */
export function isDomain(text: string): boolean {
  return domainPattern.test(text);
}

/** True for a repository path inside a registry, such as `library/alpine`. */
export function isRepositoryPath(text: string): boolean {
  return pathPattern.test(text);
}

/** True for a tag: at most 128 word characters, dots and dashes. */
export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** True for the form of a digest of any algorithm; `parseDigest` accepts the supported algorithms only. */
export function hasDigestForm(text: string): boolean {
  return digestPattern.test(text);
}

/** True for an ID of 64 hex digits, which no reference may look like. */
export function isIdentifier(text: string): boolean {
  return identifierPattern.test(text);
}

/**
 * True if the first component of a name is a registry, not a part of the path.
 * @see distribution v2.7, normalize.go `splitDockerDomain`
 */
export function looksLikeDomain(component: string): boolean {
  return component === 'localhost' || component.includes('.') || component.includes(':');
}
