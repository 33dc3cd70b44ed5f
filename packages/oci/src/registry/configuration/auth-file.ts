/**
 * Files with credentials in the form of Docker's `config.json` and Podman's `auth.json`, for hosts that stand in for registries.
 * @see containers-auth.json(5); docker/cli cli/config/configfile/file.go
 */
import * as z from 'zod';
import { parseStrictJson } from '../../documents/strict-json.ts';
import { isOutboardError, OutboardError } from '../../errors/outboard-error.ts';
import type { RegistryCredentials } from '../registry-client.ts';
import { readConfigurationFile } from './configuration-file.ts';
import { hostKey, type RepositoryName } from './registry-prefix.ts';

const entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});
const document = z.object({ auths: z.record(z.string(), entry).optional() });

type Entry = z.infer<typeof entry>;

/**
 * Read the credentials for a repository. The longest key that covers its name counts, as for Podman; programs that keep
 * credentials elsewhere (`credsStore`, `credHelpers`) are not asked.
 * @throws {OutboardError} invalid for a file that is missing, malformed or without credentials for the repository; system when
 *   it cannot be read. Messages hold no secret.
 */
export async function readAuthFile(path: string, repository: RepositoryName): Promise<RegistryCredentials> {
  const auths = await readAuths(path);
  for (const name of namesAbove(repository)) {
    const found = auths.get(name);
    const credentials = found && credentialsOf(found);
    if (credentials !== undefined) return credentials;
  }
  throw withoutCredentials(path, repository.domain);
}

/** Check that a file has credentials for a host, or a part of it. @throws {OutboardError} as `readAuthFile` */
export async function checkAuthFile(path: string, domain: string): Promise<void> {
  const auths = [...(await readAuths(path))];
  const host = hostKey(domain);
  const isUsable = ([name, auth]: [string, Entry]) => name.split('/')[0] === host && credentialsOf(auth);
  if (!auths.some(isUsable)) throw withoutCredentials(path, domain);
}

async function readAuths(path: string): Promise<ReadonlyMap<string, Entry>> {
  const file = await readConfigurationFile(path);
  if (file === undefined)
    throw new OutboardError('invalid', `"auth-file" ${JSON.stringify(path)} does not exist`);
  const auths = Object.entries(parse(path, file.text).auths ?? {});
  return new Map(auths.map(([key, auth]) => [nameOf(key), auth]));
}

function withoutCredentials(path: string, domain: string): OutboardError {
  const example = `{"auths": {${JSON.stringify(domain)}: {"auth": ...}}}`;
  return new OutboardError(
    'invalid',
    `${JSON.stringify(path)} has no credentials for ${domain}: want ${example}, as outboard login --authfile writes it`,
  );
}

function parse(path: string, text: string): z.infer<typeof document> {
  try {
    const value = parseStrictJson(Buffer.from(text), { maxBytes: 4 * text.length + 4, subject: 'JSON' });
    const parsed = document.safeParse(value);
    if (parsed.success) return parsed.data;
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    // Without the cause, which may repeat a part of the file.
  }
  throw new OutboardError(
    'invalid',
    `${JSON.stringify(path)} is not a file of credentials: want {"auths": {...}}`,
  );
}

/** One spelling of a key: old versions of Docker wrote `https://HOST/v1/`. */
function nameOf(key: string): string {
  const [domain = '', ...path] = key
    .replace(/^https?:\/\//, '')
    .replace(/\/(?:v[12]\/?)?$/, '')
    .split('/');
  return [hostKey(domain), ...path].join('/');
}

/** A repository and what it is part of, up to its host. */
function namesAbove({ domain, path }: RepositoryName): readonly string[] {
  const segments = [hostKey(domain), ...path.split('/').filter(Boolean)];
  return segments.map((_, index) => segments.slice(0, segments.length - index).join('/'));
}

function credentialsOf({ auth, username, password, identitytoken }: Entry): RegistryCredentials | undefined {
  if (identitytoken) return { identityToken: identitytoken };
  if (!auth) return username ? { username, password: password ?? '' } : undefined;
  const pair = Buffer.from(auth, 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon < 1) return undefined;
  return { username: pair.slice(0, colon), password: pair.slice(colon + 1).replace(/\0+$/, '') };
}
