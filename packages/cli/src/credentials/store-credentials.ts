/**
 * Stores the credentials of an accepted login, and forgets them, in the file or the helper that docker and Podman use.
 * @see docker/cli cli/config/credentials/native_store.go and file_store.go (28.x)
 */
import { CommandError } from '../command-error.ts';
import { readAuthFile } from './auth-file.ts';
import { type AuthPlace, placeToChange } from './auth-places.ts';
import { changeAuthFile } from './change-auth-file.ts';
import { askCredentialHelper, eraseInHelper, storeInHelper } from './credential-helper.ts';
import type { Credentials } from './credentials.ts';
import { type ChosenHelper, chooseHelper } from './default-helper.ts';
import { removeJsonMember, setJsonMember } from './edit-json.ts';
import type { FindOptions } from './find-credentials.ts';
import {
  formatRegistryName,
  keysOfParts,
  keysOfRegistry,
  type RegistryName,
  serverAddress,
  storedKey,
} from './registry-name.ts';

/** A place that can be changed, with the helper for the registry. */
export interface CredentialStore {
  readonly place: AuthPlace;
  readonly helper: ChosenHelper | undefined;
  /** Keys of the file. */
  readonly keys: readonly string[];
}

/**
 * Find the place of a login, before anything is asked.
 * @throws {CommandError} if the file cannot be read, or a helper would have to keep a part of a registry
 */
export async function openCredentialStore(
  name: RegistryName,
  options: FindOptions,
): Promise<CredentialStore> {
  const place = placeToChange(options);
  const file = await readAuthFile({ ...place, isNamed: false });
  const keys = [...new Set([serverAddress(name.domain), name.domain])];
  const helper = chooseHelper(file, keys, options.env);
  if (helper !== undefined && name.path !== undefined) {
    throw new CommandError(
      `docker-credential-${helper.name} keeps credentials of whole registries only: log in to ${name.domain}, or use --authfile`,
    );
  }
  return { place, helper, keys: [...file.auths.keys()] };
}

/** Result of a stored login. */
export interface StoredCredentials {
  /** The file or helper that has them now. */
  readonly source: string;
  readonly isEncrypted: boolean;
  /** Permission bits that the file had, when other users could read it. */
  readonly wideMode: number | undefined;
}

/** Store credentials. @throws {CommandError} if the helper fails or the file cannot be written; nothing is stored then */
export async function storeCredentials(
  { place, helper }: CredentialStore,
  name: RegistryName,
  credentials: Credentials,
  options: FindOptions,
): Promise<StoredCredentials> {
  const key = storedKey(name, place.format);
  if (helper === undefined) {
    const entry = toEntry(credentials);
    const { wideMode } = await changeAuthFile(
      place.path,
      (text) => setJsonMember(text, ['auths', key], entry),
      options.signal,
    );
    return { source: place.path, isEncrypted: false, wideMode };
  }
  await storeInHelper(helper.name, serverAddress(name.domain), credentials, options);
  // As docker does: the entry without a secret tells which registries the helper knows.
  const { wideMode } = await changeAuthFile(
    place.path,
    (text) => {
      const listed = setJsonMember(text, ['auths', key], {});
      return helper.isDetected ? setJsonMember(listed, ['credsStore'], helper.name) : listed;
    },
    options.signal,
  );
  return { source: `docker-credential-${helper.name}`, isEncrypted: true, wideMode };
}

/** An entry of `auths`, as docker writes it. */
function toEntry(credentials: Credentials): object {
  const pair = (user: string, password: string) => Buffer.from(`${user}:${password}`).toString('base64');
  if (!('identityToken' in credentials)) {
    return { auth: pair(credentials.username, credentials.password) };
  }
  const { username, identityToken } = credentials;
  return { ...(username && { auth: pair(username, '') }), identitytoken: identityToken };
}

/**
 * Forget the credentials of a registry in every form of its key, or those of a part of it.
 * @returns where they were; undefined when there were none
 * @throws {CommandError} if the helper fails or the file cannot be written
 */
export async function eraseCredentials(
  { place, helper, keys }: CredentialStore,
  name: RegistryName,
  options: FindOptions,
): Promise<string | undefined> {
  const known = name.path === undefined ? keysOfRegistry(name.domain, keys) : [formatRegistryName(name)];
  const erased = helper !== undefined && name.path === undefined && (await eraseAll(helper, name, options));
  const { hasChanged } = await changeAuthFile(
    place.path,
    (text) => known.reduce((left, key) => removeJsonMember(left, ['auths', key]), text),
    options.signal,
  );
  if (!hasChanged && !erased) return undefined;
  return helper === undefined ? place.path : `docker-credential-${helper.name}`;
}

/** @returns true if the helper had credentials of the registry */
async function eraseAll(helper: ChosenHelper, name: RegistryName, options: FindOptions): Promise<boolean> {
  let hadSome = false;
  try {
    for (const server of new Set([serverAddress(name.domain), name.domain])) {
      if ((await askCredentialHelper(helper.name, server, options)) === undefined) continue;
      await eraseInHelper(helper.name, server, options);
      hadSome = true;
    }
  } catch (error) {
    options.signal.throwIfAborted();
    // Nobody asked for this helper, and without a desktop it may not work.
    if (!helper.isDetected) throw error;
  }
  return hadSome;
}

/** Parts of a registry with credentials of their own, which `eraseCredentials` of the registry leaves. */
export function storedParts({ keys }: CredentialStore, { domain }: RegistryName): readonly string[] {
  return keysOfParts(domain, keys);
}
