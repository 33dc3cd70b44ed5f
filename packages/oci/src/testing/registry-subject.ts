/**
 * A registry and its client, as the suite of registry clients gets them for each test.
 */
import type { RegistryClient, RegistryCredentials, Repository } from '../registry/registry-client.ts';

/** The credentials that a registry with a login accepts. */
export const suiteLogin = { username: 'alice', password: 'secret' };

/** A client and an empty registry for one test. */
export interface RegistryUnderTest extends AsyncDisposable {
  readonly client: RegistryClient;
  /** The registry's domain, such as `127.0.0.1:5000`. */
  readonly domain: string;
}

/** Open `acme/plugin` of the registry. */
export function open({ client, domain }: RegistryUnderTest, credentials?: RegistryCredentials): Repository {
  return client.repository({ domain, path: 'acme/plugin' }, 'pull,push', credentials && { credentials });
}

/** Declares one test on a repository of its own. */
export type DeclareTest = (title: string, body: (repository: Repository) => Promise<void>) => void;
