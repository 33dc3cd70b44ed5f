/**
 * Parts for tests: contract suites, content store and registry in memory, and values of documents. Not published.
 */

export type { DisposableContentStore } from '../content/content-store.suite.ts';
export { describeContentStore } from '../content/content-store.suite.ts';
export type { RegistryUnderTest } from '../registry/registry-client.suite.ts';
export { describeRegistryClient, suiteLogin } from '../registry/registry-client.suite.ts';
export { arbitraryValue } from './arbitrary-value.ts';
export type { MemoryContentStore, MemoryContentStoreOptions } from './memory-content-store.ts';
export { createMemoryContentStore } from './memory-content-store.ts';
export type { MemoryRegistryOptions, MemoryRepository, RegistryRequest } from './memory-registry.ts';
export { MemoryRegistry } from './memory-registry.ts';
export { createMemoryRegistryClient } from './memory-registry-client.ts';
export type { RegistryServer } from './registry-server.ts';
export { startRegistryServer } from './registry-server.ts';
