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
 * Decode `X-Registry-Auth`: base64 in either alphabet, padded or not. What cannot be decoded means "no credentials",
 * as in Docker. Beyond Docker the fields `auth` and `registrytoken` count.
 */
function decodeCredentials(header: string | undefined): RegistryCredentials | undefined {
  if (header === undefined || header === '') return undefined;
  const fields = parseFields(Buffer.from(header, 'base64').toString('utf8'));
  if (fields === undefined) return undefined;
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
  return Object.keys(credentials).length === 0 ? undefined : credentials;
}

/** The string fields of a JSON object, by lower-case key. */
function parseFields(text: string): ReadonlyMap<string, string> | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // Undecodable is "no credentials" by Docker's contract; the registry will say if it wanted some.
    return undefined;
  }
  if (typeof document !== 'object' || document === null) return undefined;
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
  return colon === -1 ? [undefined, undefined] : [decoded.slice(0, colon), decoded.slice(colon + 1)];
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
