/**
 * Parses the references that users type. Error texts are those of Docker Engine 20.10 (distribution v2.8, reference/),
 * because its users and scripts read them.
 */
import { type Digest, parseDigest } from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import {
  hasDigestForm,
  isDomain,
  isIdentifier,
  isRepositoryPath,
  isTag,
  looksLikeDomain,
  maxNameLength,
} from './grammar.ts';
import type { Reference } from './reference.ts';

/** The registry of a name without a domain. */
export const defaultDomain = 'docker.io';
/** The path prefix of Docker Hub's official repositories. */
export const officialPrefix = 'library/';

const legacyDefaultDomain = 'index.docker.io';

/**
 * Parse and normalize a reference: `[domain/]path[:tag][@digest]`.
 * A name without a registry is one of Docker Hub; a missing tag stays missing.
 * @throws {OutboardError} invalid, with Docker's text
 * @see distribution v2.8, reference/normalize.go `ParseNormalizedNamed`
 */
export function parseReference(text: string): Reference {
  if (isIdentifier(text)) {
    throw new OutboardError(
      'invalid',
      `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`,
    );
  }
  const { domain, remainder } = splitDomain(text);
  refuseUpperCase(text, remainder);
  const { path, tag, digest } = splitRemainder(remainder);
  // A form error has priority over a length error, as in Docker.
  if (!isDomain(domain) || !isRepositoryPath(path) || (tag !== undefined && !isTag(tag))) {
    throw invalidFormat(text);
  }
  if (digest !== undefined && !hasDigestForm(digest)) throw invalidFormat(text);
  if (domain.length + 1 + path.length > maxNameLength) {
    throw new OutboardError('invalid', `repository name must not be more than ${maxNameLength} characters`);
  }
  return {
    domain,
    path,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest: referencedDigest(digest) }),
  };
}

/** The registry of a name (default Docker Hub) and the rest. */
function splitDomain(text: string): { domain: string; remainder: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const named = slash !== -1 && looksLikeDomain(first);
  const written = named ? first : defaultDomain;
  const remainder = named ? text.slice(slash + 1) : text;
  const domain = written === legacyDefaultDomain ? defaultDomain : written;
  const official = domain === defaultDomain && !remainder.includes('/');
  return { domain, remainder: official ? officialPrefix + remainder : remainder };
}

/** The parts of `path[:tag][@digest]`. No path or tag holds `@`, and no path holds `:`. */
function splitRemainder(remainder: string): { path: string; tag?: string; digest?: string } {
  const at = remainder.indexOf('@');
  const name = at === -1 ? remainder : remainder.slice(0, at);
  const colon = name.indexOf(':');
  return {
    path: colon === -1 ? name : name.slice(0, colon),
    ...(colon !== -1 && { tag: name.slice(colon + 1) }),
    ...(at !== -1 && { digest: remainder.slice(at + 1) }),
  };
}

function refuseUpperCase(text: string, remainder: string): void {
  const colon = remainder.indexOf(':');
  const name = colon === -1 ? remainder : remainder.slice(0, colon);
  if (name.toLowerCase() !== name) {
    throw new OutboardError('invalid', 'invalid reference format: repository name must be lowercase', {
      details: { reference: shown(text) },
    });
  }
}

/** Parse the digest of a reference. The three texts are those of go-digest v1.0.0, algorithm.go and digest.go. */
function referencedDigest(text: string): Digest {
  try {
    return parseDigest(text);
  } catch (cause) {
    const [algorithm, hex = ''] = text.split(':');
    const wanted = algorithm === 'sha256' ? 64 : algorithm === 'sha512' ? 128 : undefined;
    const problem =
      wanted === undefined
        ? 'unsupported digest algorithm'
        : hex.length === wanted
          ? 'invalid checksum digest format'
          : 'invalid checksum digest length';
    throw new OutboardError('invalid', problem, { cause, details: { digest: shown(text) } });
  }
}

function invalidFormat(text: string): OutboardError {
  return new OutboardError('invalid', 'invalid reference format', { details: { reference: shown(text) } });
}

function shown(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
