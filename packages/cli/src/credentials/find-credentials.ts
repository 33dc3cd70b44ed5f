/**
 * Finds the credentials that `outboard login`, `docker login` or `podman login` stored for a registry.
 * @see docker/cli cli/config/configfile/file.go, GetAuthConfig and GetCredentialsStore (28.x); containers-auth.json(5)
 */

import { CommandError, messageOf } from '../command-error.ts';
import { asText, field } from '../json-field.ts';
import { type AuthFile, readAuthFile } from './auth-file.ts';
import { type AuthPlace, type AuthPlaceOptions, placesToRead, placeToChange } from './auth-places.ts';
import { askCredentialHelper, type HelperOptions } from './credential-helper.ts';
import type { Credentials, FoundCredentials } from './credentials.ts';
import { chooseHelper } from './default-helper.ts';
import { formatRegistryName, matchingKeys, type RegistryName, serverAddress } from './registry-name.ts';

/** Environment, the file that a flag names, and cancellation. */
export interface FindOptions extends AuthPlaceOptions, HelperOptions {}

/**
 * Find the credentials of a registry, or of the repository in it that the name holds. The first place that has some counts.
 * @throws {CommandError} if there are none, and a place or a helper cannot be read; its message holds no secret
 */
export async function findCredentials(name: RegistryName, options: FindOptions): Promise<FoundCredentials> {
  const failures: unknown[] = [];
  const searched: string[] = [];
  for (const place of placesToRead(options)) {
    try {
      const found = await findInPlace(place, name, options);
      if (found.credentials !== undefined) {
        return { ...found, warnings: [...failures.map(messageOf), ...found.warnings] };
      }
      if (found.exists) searched.push(found.source);
    } catch (error) {
      options.signal.throwIfAborted();
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new CommandError(failures.map(messageOf).join('; '), { cause: failures[0] });
  const source = searched.length > 0 ? searched.join(' and ') : placeToChange(options).path;
  return { credentials: undefined, source, warnings: [] };
}

/** Credentials in one place. */
export interface FoundInPlace extends FoundCredentials {
  readonly exists: boolean;
}

/** Search one place. @throws {CommandError} if it cannot be read */
export async function findInPlace(
  place: AuthPlace,
  name: RegistryName,
  options: HelperOptions,
): Promise<FoundInPlace> {
  const file = await readAuthFile(place);
  const server = serverAddress(name.domain);
  const helper = chooseHelper(file, [...new Set([server, name.domain])], options.env);
  if (helper === undefined) return findInFile(file, name);
  const source = `docker-credential-${helper.name}`;
  try {
    const credentials = await askCredentialHelper(helper.name, server, options);
    // Helpers know registries only; what the file has for a part of one is Podman's.
    if (credentials !== undefined) return { credentials, source, exists: true, warnings: [] };
  } catch (error) {
    options.signal.throwIfAborted();
    // Nobody asked for this helper, and without a desktop it may not work.
    if (!helper.isDetected) throw error;
  }
  if (name.path === undefined) return { credentials: undefined, source, exists: true, warnings: [] };
  const found = findInFile(file, name);
  return found.credentials === undefined ? { ...found, source, exists: true } : found;
}

function findInFile(file: AuthFile, name: RegistryName): FoundInPlace {
  const none = { credentials: undefined, source: file.path, exists: file.exists, warnings: [] };
  for (const key of matchingKeys(name, [...file.auths.keys()], file.format)) {
    const credentials = parseAuth(file.auths.get(key), file.path, key);
    if (credentials === undefined) continue;
    const source =
      key.includes('/') && key !== serverAddress(name.domain) ? `${file.path} (${key})` : file.path;
    return { ...none, credentials, source, warnings: warnOfMode(file) };
  }
  return none;
}

function warnOfMode({ path, mode }: AuthFile): readonly string[] {
  if ((mode & 0o044) === 0) return [];
  const bits = mode.toString(8).padStart(4, '0');
  return [`"${path}" holds credentials, and other users may read it (mode ${bits}): chmod 600 ${path}`];
}

function parseAuth(value: unknown, path: string, key: string): Credentials | undefined {
  const pair = readPair(value, path, key);
  const identityToken = asText(field(value, 'identitytoken'));
  return identityToken === '' ? pair : { identityToken, ...(pair && { username: pair.username }) };
}

function readPair(
  value: unknown,
  path: string,
  key: string,
): { readonly username: string; readonly password: string } | undefined {
  const auth = asText(field(value, 'auth'));
  if (auth === '') {
    const username = asText(field(value, 'username'));
    return username === '' ? undefined : { username, password: asText(field(value, 'password')) };
  }
  const decoded = Buffer.from(auth, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 1) {
    throw new CommandError(
      `"${path}" has an "auth" for ${key} that is not base64 of USER:PASSWORD: log in again`,
    );
  }
  // As in Docker, remove the zero bytes with which old versions padded passwords.
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, '') };
}

/** Words about found credentials, or about their absence, for the message of a refusal. */
export function describeFound({ credentials, source }: FoundCredentials, name: RegistryName): string {
  if (credentials === undefined) {
    const has = source.includes(' and ') ? 'have' : 'has';
    return `no credentials were sent: ${source} ${has} none for ${formatRegistryName({ domain: name.domain })}`;
  }
  const user = credentials.username ? `user "${credentials.username}"` : '';
  const owner =
    'identityToken' in credentials
      ? `an identity token${user && ` of ${user}`}, which may have expired`
      : user || 'an empty user name';
  return `the credentials sent were those of ${owner}, from ${source}`;
}
