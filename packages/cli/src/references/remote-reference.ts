/**
 * The parts of a reference that a client needs to find the credentials of its registry. The daemon parses references in
 * full.
 * @see distribution/reference v0.6.0, ParseNormalizedNamed
 */
import { CommandError } from '../command-error.ts';

/** A reference with an explicit registry. */
export interface RemoteReference {
  /** Registry host, with port if it has one; `docker.io` for Docker Hub. */
  readonly domain: string;
  /** Repository in the registry. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
}

const hubDomain = 'docker.io';
const legacyHubDomain = 'index.docker.io';
const maxLength = 4096;

const pathComponent = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/;
const domainPattern = /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::\d+)?$/;

/** Parse a reference. @throws {CommandError} with Docker's text if it is malformed */
export function parseRemoteReference(text: string): RemoteReference {
  if (text.length > maxLength) throw invalid(text.slice(0, 64));
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  const { domain, path } = splitDomain(colon < 0 ? named : named.slice(0, colon));
  if (path !== path.toLowerCase()) {
    throw new CommandError(`invalid reference format: repository name (${path}) must be lowercase`);
  }
  const isValid =
    domainPattern.test(domain) &&
    path.split('/').every((component) => pathComponent.test(component)) &&
    (tag === undefined || tagPattern.test(tag)) &&
    (digest === undefined || digestPattern.test(digest));
  if (!isValid) throw invalid(text);
  return {
    domain,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The first component is a host if it looks like one. @see distribution/reference normalize.go, splitDockerDomain */
function splitDomain(name: string): { readonly domain: string; readonly path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const domain = isHost ? (first === legacyHubDomain ? hubDomain : first) : hubDomain;
  const rest = isHost ? name.slice(slash + 1) : name;
  return { domain, path: domain === hubDomain && !rest.includes('/') ? `library/${rest}` : rest };
}

/** Add `latest` to a reference that has neither tag nor digest. */
export function withDefaultTag(reference: RemoteReference): RemoteReference {
  if (reference.tag !== undefined || reference.digest !== undefined) return reference;
  return { ...reference, tag: 'latest' };
}

/** The complete reference, with its registry. */
export function formatReference({ domain, path, tag, digest }: RemoteReference): string {
  return `${domain}/${path}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** The reference as Docker shows it: without Docker Hub's name and `library/`. */
export function formatFamiliarReference(reference: RemoteReference): string {
  const text = formatReference(reference);
  if (reference.domain !== hubDomain) return text;
  return text.slice(`${hubDomain}/`.length).replace(/^library\/(?=[^/]+$)/, '');
}

/**
 * Parse a local name, and add the default tag.
 * @throws {CommandError} if it is not a reference, or has a digest, which local names cannot have
 */
export function parseLocalName(text: string): string {
  const reference = parseRemoteReference(text);
  if (reference.digest !== undefined) throw new CommandError(`invalid name: ${text}`);
  return formatFamiliarReference(withDefaultTag(reference));
}

function invalid(text: string): CommandError {
  return new CommandError(`invalid reference format: "${text}" must be like [HOST[:PORT]/]NAME[:TAG]`);
}
