/**
 * How a request says who it is at a registry: `X-Registry-Auth` and `X-Meta-*`. Read liberally, logged never.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { RegistryAccess, RegistryCredentials } from '@outboard/engine';

/** What a request allows the engine to say to a registry. */
export function readRegistryAccess(requestHeaders: IncomingHttpHeaders): RegistryAccess {
  const credentials = decodeCredentials(single(requestHeaders['x-registry-auth']));
  const headers = metaHeaders(requestHeaders);
  return {
    ...(credentials === undefined ? {} : { credentials }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  };
}

/**
 * Decode `X-Registry-Auth`: base64 in either alphabet, padded or not. What cannot be decoded means "no credentials", as
 * in Docker; the registry will say if it wanted some.
 */
function decodeCredentials(header: string | undefined): RegistryCredentials | undefined {
  if (header === undefined || header === '') return undefined;
  try {
    return readAuthConfig(JSON.parse(Buffer.from(header, 'base64').toString('utf8')))?.credentials;
  } catch {
    // No JSON: undecodable, see above.
    return undefined;
  }
}

/** Docker's `AuthConfig`. */
export interface AuthConfig {
  /** Empty when it names none. */
  readonly serverAddress: string;
  /** Absent when it holds none. */
  readonly credentials?: RegistryCredentials;
}

/**
 * Read an `AuthConfig`. Keys may be in any case, and unknown ones do not matter. Beyond Docker the fields `auth` and
 * `registrytoken` count.
 * @returns undefined for what is no object
 */
export function readAuthConfig(document: unknown): AuthConfig | undefined {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return undefined;
  const fields = textFields(document);
  const [authUser, authPassword] = splitAuth(fields.get('auth'));
  const username = fields.get('username') || authUser;
  const password = fields.get('password') || authPassword;
  const identityToken = fields.get('identitytoken');
  const registryToken = fields.get('registrytoken');
  const credentials: RegistryCredentials = {
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(identityToken ? { identityToken } : {}),
    ...(registryToken ? { registryToken } : {}),
  };
  const serverAddress = fields.get('serveraddress') ?? '';
  return Object.keys(credentials).length === 0 ? { serverAddress } : { serverAddress, credentials };
}

/** The string fields of a JSON object, by lower-case key. */
function textFields(document: object): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [key, value] of Object.entries(document)) {
    if (typeof value === 'string') fields.set(key.toLowerCase(), value);
  }
  return fields;
}

/** `auth` is base64 of `user:password`, as in Docker's config file. */
function splitAuth(auth: string | undefined): [string | undefined, string | undefined] {
  if (auth === undefined) return [undefined, undefined];
  const decoded = Buffer.from(auth, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon === -1) return [undefined, undefined];
  // Docker drops zero bytes at the end, which old versions padded with.
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
