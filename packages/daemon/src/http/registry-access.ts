/**
 * The identity of a request at registries, from the headers `X-Registry-Auth` and `X-Meta-*`. It is never logged.
 */
import type { IncomingHttpHeaders } from 'node:http';
import {
  codec,
  isJsonObject,
  type Reference,
  type RegistryAccess,
  type RegistryCredentials,
  type ValueOf,
} from '@outboard/oci';
import { decodeJson } from './json-body.ts';

/** Read the credentials and headers that the engine may send to a registry. */
export function readRegistryAccess(requestHeaders: IncomingHttpHeaders): RegistryAccess {
  const credentials = decodeCredentials(single(requestHeaders['x-registry-auth']));
  const headers = metaHeaders(requestHeaders);
  return {
    ...(credentials !== undefined && { credentials }),
    ...(Object.keys(headers).length > 0 && { headers }),
  };
}

/** Docker's `AuthConfig`. Beyond Docker the fields `auth` and `registrytoken` count. */
export const authConfigCodec = codec.required(
  codec.object({
    username: codec.field('username', codec.text),
    password: codec.field('password', codec.text),
    /** Base64 of `user:password`, as in Docker's config file. */
    auth: codec.field('auth', codec.text),
    serverAddress: codec.field('serveraddress', codec.text),
    identityToken: codec.field('identitytoken', codec.text),
    registryToken: codec.field('registrytoken', codec.text),
  }),
);

/** The credentials of an `AuthConfig`; undefined when it has none. */
export function readCredentials(config: ValueOf<typeof authConfigCodec>): RegistryCredentials | undefined {
  const [authUser, authPassword] = splitAuth(config.auth);
  const username = config.username || authUser;
  const password = config.password || authPassword;
  const { identityToken, registryToken } = config;
  const credentials: RegistryCredentials = {
    ...(username && { username }),
    ...(password && { password }),
    ...(identityToken && { identityToken }),
    ...(registryToken && { registryToken }),
  };
  return Object.keys(credentials).length === 0 ? undefined : credentials;
}

/**
 * Decode `X-Registry-Auth`: base64 in either alphabet, padded or not. As in Docker, a header that cannot be decoded means
 * no credentials; the registry answers if it requires some.
 */
function decodeCredentials(header: string | undefined): RegistryCredentials | undefined {
  if (header === undefined || header === '') return undefined;
  try {
    const document: unknown = JSON.parse(Buffer.from(header, 'base64').toString('utf8'));
    return readCredentials(decodeJson(document, authConfigCodec));
  } catch {
    // Not decodable: see above.
    return undefined;
  }
}

/**
 * Read the header `X-Registry-Config`, credentials for several registries: base64 of an object whose keys are server addresses, or
 * repositories such as `reg.example/acme/p`, which come first. Like `X-Registry-Auth`, one that cannot be decoded means none.
 * @see Docker Engine API v1.51, ImageBuild
 */
export function readRegistryAccesses(
  requestHeaders: IncomingHttpHeaders,
): (reference: Pick<Reference, 'domain' | 'path'>) => RegistryAccess | undefined {
  const credentials = decodeConfigs(single(requestHeaders['x-registry-config']));
  return ({ domain, path }) => {
    const found = credentials.get(`${domain}/${path}`) ?? credentials.get(domain);
    return found && { credentials: found };
  };
}

function decodeConfigs(header: string | undefined): ReadonlyMap<string, RegistryCredentials> {
  const found = new Map<string, RegistryCredentials>();
  if (header === undefined || header === '') return found;
  try {
    const document: unknown = JSON.parse(Buffer.from(header, 'base64').toString('utf8'));
    if (!isJsonObject(document)) return found;
    for (const [address, config] of Object.entries(document)) {
      const credentials = readCredentials(decodeJson(config, authConfigCodec));
      if (credentials !== undefined) found.set(registryOf(address), credentials);
    }
  } catch {
    // Not decodable: see above.
  }
  return found;
}

/** The host of an address, with Docker Hub's name for those under which clients store its credentials; repositories stay. */
function registryOf(address: string): string {
  const [host = '', ...rest] = address.replace(/^https?:\/\//, '').split('/');
  const isHub = host === 'index.docker.io' || host === 'registry-1.docker.io';
  const domain = isHub ? 'docker.io' : host;
  // The path of a URL is that of its API.
  return rest.length === 0 || /^https?:\/\//.test(address) ? domain : [domain, ...rest].join('/');
}

function splitAuth(auth: string): readonly [user: string, password: string] {
  const decoded = Buffer.from(auth, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon === -1) return ['', ''];
  // Docker drops zero bytes at the end, with which old versions padded.
  return [decoded.slice(0, colon), decoded.slice(colon + 1).replace(/\0+$/, '')];
}

function metaHeaders(requestHeaders: IncomingHttpHeaders): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(requestHeaders)) {
    const text = single(value);
    if (name.startsWith('x-meta-') && text !== undefined) headers[name] = text;
  }
  return headers;
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}
