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
export type { DamagedBlob, FileContentStoreOptions } from './content/file-content-store.ts';
export { openFileContentStore } from './content/file-content-store.ts';
export type { Digest, DigestAlgorithm, Digester } from './digests/digest.ts';
export {
  createDigester,
  digestAlgorithm,
  digestHex,
  digestOf,
  parseDigest,
  shortDigest,
} from './digests/digest.ts';
export type { WarnOfKey } from './documents/canonical-fields.ts';
export { canonicalizeFields, withUnknownKeys } from './documents/canonical-fields.ts';
export type { Codec, Field, Shape, ValueOf } from './documents/codec.ts';
export { DocumentMismatch, decodeDocument } from './documents/codec.ts';
export * as codec from './documents/codecs.ts';
export { foldFieldName, withFieldNames } from './documents/field-names.ts';
export type { JsonObject, JsonValue } from './documents/json-document.ts';
export { isJsonObject, showValue } from './documents/json-document.ts';
export { hasBoundedValues, maxJsonValues } from './documents/json-work.ts';
export type { StrictJsonOptions } from './documents/strict-json.ts';
export { parseStrictJson } from './documents/strict-json.ts';
export { escapeHidden, hasHiddenCharacters } from './errors/hidden-characters.ts';
export type { ErrorKind, OutboardErrorOptions } from './errors/outboard-error.ts';
export { isOutboardError, OutboardError } from './errors/outboard-error.ts';
export type { ReportUnflushed } from './files/durable-file.ts';
export {
  changeDirectory,
  commitFile,
  commitInDirectory,
  isUnfinishedWrite,
  makeDirectoryDurably,
  syncDirectory,
  writeFileDurably,
} from './files/durable-file.ts';
export type { MakeDirectoriesOptions } from './files/make-directories.ts';
export { makeDirectories } from './files/make-directories.ts';
export { onStorage, storageError, systemErrorCode } from './files/storage-error.ts';
export type {
  DecompressedLayer,
  DecompressOptions,
  DetectedCompression,
  LayerCompression,
} from './layers/compression.ts';
export { decompress, detectCompression, detectionBytes } from './layers/compression.ts';
export type { GzipOptions } from './layers/gzip-writer.ts';
export { gzipStream } from './layers/gzip-writer.ts';
export { cleanEntryName, pathComponents } from './layers/tar/path.ts';
export type { TarEntry, TarEntryType, TarHandler, TarReader } from './layers/tar/tar-entry.ts';
export type { TarLimits } from './layers/tar/tar-limits.ts';
export { createTarReader } from './layers/tar/tar-reader.ts';
export type { TarWriter } from './layers/tar/tar-writer.ts';
export { createTarWriter } from './layers/tar/tar-writer.ts';
export type { Descriptor, Platform } from './manifests/descriptor.ts';
export { maxManifestBytes } from './manifests/document-schema.ts';
export type { ImageIndex } from './manifests/image-index.ts';
export { parseIndex } from './manifests/image-index.ts';
export type { ImageManifest } from './manifests/image-manifest.ts';
export { encodeManifest, maxLayers, parseManifest } from './manifests/image-manifest.ts';
export {
  isForeignLayerMediaType,
  isIndexMediaType,
  isLayerMediaType,
  isManifestMediaType,
  mediaTypes,
} from './manifests/media-types.ts';
export type { HostFacts } from './manifests/platform.ts';
export { choosePlatform, hostPlatform, platformText } from './manifests/platform.ts';
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
export type { TrustedRealm } from './registry/http/authentication/realm.ts';
export type { StallLimits } from './registry/http/connections/stall-watch.ts';
export type { RetryPolicy } from './registry/http/failures/retry.ts';
export type { RegistryClientOptions } from './registry/http/http-registry-client.ts';
export { createRegistryClient } from './registry/http/http-registry-client.ts';
export type {
  BlobFetcher,
  Login,
  ManifestFetcher,
  RegistryAccess,
  RegistryClient,
  RegistryCredentials,
  ReportBytes,
  Repository,
  RepositoryPusher,
  ResolvedManifest,
} from './registry/registry-client.ts';
