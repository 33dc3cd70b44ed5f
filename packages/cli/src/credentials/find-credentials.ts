/**
 * Finds the credentials that `docker login` stored for a registry.
 * @see docker/cli cli/config/configfile/file.go, GetAuthConfig and GetCredentialsStore (28.x)
 */

import { CommandError } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { asText, field } from '../json-field.ts';
import { askCredentialHelper } from './credential-helper.ts';
import type { Credentials, FoundCredentials } from './credentials.ts';
import { type DockerConfigFile, readDockerConfigFile } from './docker-config-file.ts';

/** Key of Docker Hub's credentials. */
const hubKey = 'https://index.docker.io/v1/';

/**
 * Find the credentials of a registry.
 * @param domain registry host as in a reference
 * @throws {CommandError} if the configuration or a helper cannot be read; its message holds no secret
 */
export async function findCredentials(
  domain: string,
  options: { readonly env: CommandHost['env']; readonly signal: AbortSignal },
): Promise<FoundCredentials> {
  const server = domain === 'docker.io' ? hubKey : domain;
  const file = await readDockerConfigFile(options.env);
  const helper =
    file.credentialHelpers.get(server) ?? file.credentialHelpers.get(domain) ?? file.credentialStore;
  if (helper === undefined) return { credentials: credentialsInFile(file, server), source: file.path };
  const credentials = await askCredentialHelper(helper, server, options);
  return { credentials, source: `docker-credential-${helper}` };
}

function credentialsInFile(file: DockerConfigFile, server: string): Credentials | undefined {
  const exact = file.auths.get(server);
  if (exact !== undefined) return parseAuth(exact, file.path);
  for (const [key, value] of file.auths) {
    if (hostOf(key) === hostOf(server)) return parseAuth(value, file.path);
  }
  return undefined;
}

/** Keys may be URLs. @see docker/cli cli/config/credentials/file_store.go, ConvertToHostname */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').split('/', 1)[0] ?? '';
}

function parseAuth(value: unknown, path: string): Credentials | undefined {
  const identityToken = asText(field(value, 'identitytoken'));
  if (identityToken !== '') return { identityToken };
  const auth = asText(field(value, 'auth'));
  if (auth === '') {
    const username = asText(field(value, 'username'));
    return username === '' ? undefined : { username, password: asText(field(value, 'password')) };
  }
  const decoded = Buffer.from(auth, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 1) throw new CommandError(`"${path}" has an "auth" that is not base64 of USER:PASSWORD`);
  // As in Docker, remove the zero bytes with which old versions padded passwords.
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, '') };
}
