/**
 * The identity of a request at registries, from the headers `X-Registry-Auth` and `X-Meta-*`. It is never logged.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { codec, type RegistryAccess, type RegistryCredentials, type ValueOf } from '@outboard/oci';
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
