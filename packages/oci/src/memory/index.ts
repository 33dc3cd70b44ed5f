/**
 * A registry and a content store in memory, for tests of programs that use this package. The registry serves HTTP on a free
 * port of 127.0.0.1, or a client that needs no network.
 */

export type { MemoryContentStore, MemoryContentStoreOptions } from './memory-content-store.ts';
export { createMemoryContentStore } from './memory-content-store.ts';
export type {
  ArtifactContent,
  Login as MemoryLogin,
  MemoryRegistryOptions,
  MemoryRepository,
  RegistryRequest,
  StoredManifest,
  TypedContent,
} from './memory-registry.ts';
export { MemoryRegistry } from './memory-registry.ts';
export { createMemoryRegistryClient } from './memory-registry-client.ts';
export type { RegistryServer } from './registry-server.ts';
export { startRegistryServer } from './registry-server.ts';
