/**
 * Registries for builds: one client, opened when the first base or push needs it.
 */
import {
  createRegistryClient,
  type Reference,
  type RegistryAccess,
  type RegistryClient,
  type RegistryClientOptions,
} from '@outboard/oci';
import type { RegistryOptions } from './base/registry-image.ts';

/** Choices for registries. */
export interface RegistriesOptions {
  /** Sent to registries; default `outboard`. */
  readonly userAgent?: string | undefined;
  /** As `RegistryClientOptions.insecureRegistries`; default none but this host's own. */
  readonly insecureRegistries?: readonly string[] | undefined;
  /** Credentials for a repository; default none. */
  readonly accessTo?: ((reference: Reference) => Promise<RegistryAccess>) | undefined;
  /** Receives one line for each step of a pull or push. */
  readonly onProgress?: ((line: string) => void) | undefined;
}

/** Registries; disposing them closes their connections. */
export interface Registries extends RegistryOptions, AsyncDisposable {}

/** Open registries; nothing is sent. */
export function openRegistries(options: RegistriesOptions = {}): Registries {
  let client: RegistryClient | undefined;
  const clientOptions: RegistryClientOptions = {
    insecureRegistries: options.insecureRegistries ?? [],
    userAgent: options.userAgent ?? 'outboard',
  };
  return {
    client: () => {
      client ??= createRegistryClient(clientOptions);
      return client;
    },
    accessTo: options.accessTo ?? (() => Promise.resolve({})),
    onProgress: options.onProgress ?? (() => {}),
    async [Symbol.asyncDispose]() {
      await client?.[Symbol.asyncDispose]();
    },
  };
}
