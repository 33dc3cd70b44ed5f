/**
 * OCI references, content, manifests, layers and registries: the public face of the package.
 */

export type {
  BlobCollector,
  BlobReader,
  BlobStatus,
  BlobWriter,
  ContentStore,
  ExpectedContent,
  Ingest,
  Lease,
} from './content/content-store.ts';
export type { Digest, DigestAlgorithm, Digester } from './digests/digest.ts';
export {
  createDigester,
  digestAlgorithm,
  digestHex,
  digestOf,
  parseDigest,
  shortDigest,
} from './digests/digest.ts';
export { foldFieldName, withFieldNames } from './documents/field-names.ts';
export type { StrictJsonOptions } from './documents/strict-json.ts';
export { parseStrictJson } from './documents/strict-json.ts';
export type { ErrorKind, OutboardErrorOptions } from './errors.ts';
export { isOutboardError, OutboardError } from './errors.ts';
export { cleanEntryName, pathComponents } from './layers/tar/path.ts';
export type { TarEntry, TarEntryType, TarHandler, TarReader } from './layers/tar/tar-entry.ts';
export type { TarLimits } from './layers/tar/tar-limits.ts';
export { createTarReader } from './layers/tar/tar-reader.ts';
export type { Descriptor, Platform } from './manifests/descriptor.ts';
export {
  canonicalName,
  canonicalString,
  familiarName,
  familiarString,
  withDefaultTag,
  withoutDigest,
  withTag,
} from './references/format-reference.ts';
export { parseReference } from './references/parse-reference.ts';
export type { Reference } from './references/reference.ts';
export type {
  BlobFetcher,
  ManifestFetcher,
  RegistryAccess,
  RegistryClient,
  RegistryCredentials,
  ReportBytes,
  Repository,
  RepositoryPusher,
  ResolvedManifest,
} from './registry/repository.ts';
