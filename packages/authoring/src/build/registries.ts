/**
 * Registries for builds: one client, opened when the first base or push needs it.
 */
import {
  createRegistryClient,
  type Reference,
  type RegistriesConfiguration,
  type RegistryAccess,
  type RegistryClient,
} from '@outboard/oci';
import type { RegistryOptions } from './base/registry-image.ts';

/** Choices for registries. */
export interface RegistriesOptions {
  /** Sent to registries; default `outboard`. */
  readonly userAgent?: string | undefined;
  /** Reads mirrors, blocked and insecure hosts, certificates and proxies; called once at most. Default: none of them. */
  readonly configuration?: (() => Promise<RegistriesConfiguration>) | undefined;
  /** Credentials for a repository; default none. */
  readonly accessTo?: ((reference: Reference) => Promise<RegistryAccess>) | undefined;
  /** Receives one line for each step of a pull or push. */
  readonly onProgress?: ((line: string) => void) | undefined;
}

/** Registries; disposing them closes their connections. */
export interface Registries extends RegistryOptions, AsyncDisposable {}

/** Open registries; nothing is sent. */
export function openRegistries(options: RegistriesOptions = {}): Registries {
  const { userAgent = 'outboard' } = options;
  let opening: Promise<RegistryClient> | undefined;
  const open = async () =>
    createRegistryClient({ configuration: await options.configuration?.(), userAgent });
  return {
    client: () => {
      opening ??= open();
      return opening;
    },
    accessTo: options.accessTo ?? (() => Promise.resolve({})),
    onProgress: options.onProgress ?? (() => {}),
    async [Symbol.asyncDispose]() {
      // One that could not be opened was reported to its caller.
      const client = await opening?.catch(() => undefined);
      await client?.[Symbol.asyncDispose]();
    },
  };
}
