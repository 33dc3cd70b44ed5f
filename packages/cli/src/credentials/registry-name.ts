/**
 * Names of registries, and the keys under which files and helpers keep their credentials.
 * @see docker/cli cli/config/credentials/file_store.go (28.x); containers-auth.json(5), "FORMAT"
 */
import { CommandError } from '../command-error.ts';

/** A registry, or a part of it. */
export interface RegistryName {
  /** Host, with port if it has one; `docker.io` for Docker Hub. */
  readonly domain: string;
  /** Repository, or the beginning of repositories; absent for the whole registry. */
  readonly path?: string | undefined;
}

const hubDomain = 'docker.io';
/** Docker's key and address of Docker Hub. */
const hubAddress = 'https://index.docker.io/v1/';
const hubAliases = ['index.docker.io', 'registry-1.docker.io'];
const domainPattern = /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::\d+)?$/;
const pathPattern = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;

/**
 * Parse the argument of `outboard login`: a host, a URL, of which the host counts as for Docker, or a host with the
 * beginning of its repositories as for Podman.
 * @param text empty for Docker Hub
 * @throws {CommandError} for anything else
 */
export function parseRegistryName(text: string): RegistryName {
  if (text === '') return { domain: hubDomain };
  const isUrl = /^https?:\/\//.test(text);
  const [host = '', ...rest] = text.replace(/^https?:\/\//, '').split('/');
  const path = isUrl ? '' : rest.join('/').replace(/\/$/, '');
  const domain = hubAliases.includes(host) ? hubDomain : host;
  const isWhole = path === '' || /^v[12]$/.test(path);
  if (!domainPattern.test(domain) || !(isWhole || pathPattern.test(path))) {
    // The part before an @ may hold a password.
    throw new CommandError(
      `invalid registry "${text.replace(/^.*@/s, '***@')}": it must be HOST[:PORT], or HOST[:PORT]/NAMESPACE without a tag`,
    );
  }
  return isWhole ? { domain } : { domain, path };
}

/** The registry as a user types it. */
export function formatRegistryName({ domain, path }: RegistryName): string {
  return path === undefined ? domain : `${domain}/${path}`;
}

/** The command that stores credentials; Docker Hub needs no name. */
export function loginCommand({ domain }: RegistryName, authFile: string | undefined): string {
  const words = ['outboard login', ...(authFile === undefined ? [] : [`--authfile ${authFile}`])];
  return [...words, ...(domain === hubDomain ? [] : [domain])].join(' ');
}

/** The address of the registry in requests to the daemon and to helpers, as Docker writes it. */
export function serverAddress(domain: string): string {
  return domain === hubDomain ? hubAddress : domain;
}

/** The key under which Docker's or Podman's file keeps the credentials of exactly this name. */
export function storedKey({ domain, path }: RegistryName, format: 'docker' | 'podman'): string {
  if (path !== undefined) return `${domain}/${path}`;
  return format === 'docker' ? serverAddress(domain) : domain;
}

/**
 * Keys that may hold the credentials of a name, best first: those of the longest beginning of its path, then those of
 * the registry in each form that Docker and Podman wrote.
 * @param keys of a file
 */
export function matchingKeys(
  name: RegistryName,
  keys: readonly string[],
  format: 'docker' | 'podman',
): readonly string[] {
  const components = name.path?.split('/') ?? [];
  const parts = components.map((_, index) =>
    [name.domain, ...components.slice(0, components.length - index)].join('/'),
  );
  const whole = [storedKey({ domain: name.domain }, format), ...keysOfRegistry(name.domain, keys)];
  return [...new Set([...parts, ...whole])].filter((key) => keys.includes(key));
}

/** Every key of a file that names this whole registry, such as `https://reg.example/v2/`. */
export function keysOfRegistry(domain: string, keys: readonly string[]): readonly string[] {
  return keys.filter((key) => {
    const isUrl = /^https?:\/\//.test(key);
    const [host = '', ...rest] = key.replace(/^https?:\/\//, '').split('/');
    const path = rest.join('/').replace(/\/$/, '');
    if (!isUrl && path !== '' && !/^v[12]$/.test(path)) return false;
    return host === domain || (domain === hubDomain && hubAliases.includes(host));
  });
}

/** Keys of parts of this registry. */
export function keysOfParts(domain: string, keys: readonly string[]): readonly string[] {
  const whole = keysOfRegistry(domain, keys);
  return keys.filter((key) => key.startsWith(`${domain}/`) && !whole.includes(key));
}
