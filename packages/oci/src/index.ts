/**
 * The public face of the package, by subject. The first part is for every user of OCI registries and images; the second
 * one is the foundation that the other packages of Outboard share with it.
 */

// References and digests.

export type { Digest, DigestAlgorithm, Digester } from './digests/digest.ts';
export {
  createDigester,
  digestAlgorithm,
  digestHex,
  digestOf,
  parseDigest,
  shortDigest,
} from './digests/digest.ts';
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

// Artifacts.

export type { CopiedArtifact, CopyOptions } from './artifacts/copy-artifact.ts';
export { copyArtifact } from './artifacts/copy-artifact.ts';

// Manifests and indexes.

export type { ArtifactManifest } from './manifests/artifact-manifest.ts';
export { parseArtifact } from './manifests/artifact-manifest.ts';
export { choosePlatform, compatiblePlatforms } from './manifests/choose-platform.ts';
export type { ManifestFormat } from './manifests/convert-manifest.ts';
export { convertManifest, layerMediaType, manifestMediaType } from './manifests/convert-manifest.ts';
export type { Descriptor, Platform } from './manifests/descriptor.ts';
export { decodeManifest, maxManifestBytes } from './manifests/document-schema.ts';
export { encodeIndex, parseIndex } from './manifests/image-index.ts';
export type { ImageManifest } from './manifests/image-manifest.ts';
export { encodeManifest, parseManifest } from './manifests/image-manifest.ts';
export {
  isIndexMediaType,
  isLayerMediaType,
  isManifestMediaType,
  mediaTypes,
} from './manifests/media-types.ts';
export { hostPlatform, normalPlatform, parsePlatform, platformText } from './manifests/platform.ts';

// Registries.

export type { LoadRegistriesOptions } from './registry/configuration/load-registries-configuration.ts';
export { loadRegistriesConfiguration } from './registry/configuration/load-registries-configuration.ts';
export { maskUserInfo, type ProxySettings, proxiesOfEnvironment } from './registry/configuration/proxies.ts';
export type {
  RegistriesConfiguration,
  RegistriesSettings,
  RepositoryLocation,
} from './registry/configuration/registries-configuration.ts';
export { createRegistriesConfiguration } from './registry/configuration/registries-configuration.ts';
export type { TrustedRealm } from './registry/http/authentication/realm.ts';
export type { RegistryClientOptions } from './registry/http/http-registry-client.ts';
export { createRegistryClient } from './registry/http/http-registry-client.ts';
export type {
  BlobFetcher,
  FileFetcher,
  Login,
  OpenBlobOptions,
  PushedBlob,
  RegistryAccess,
  RegistryClient,
  RegistryCredentials,
  Repository,
  RepositoryActions,
  RepositoryReader,
  RepositoryWriter,
  ResolvedManifest,
} from './registry/registry-client.ts';

// OCI image layouts, in directories and archives.

export type { ArtifactTree, ArtifactTreeOptions } from './layout/artifact-tree.ts';
export { readArtifactTree } from './layout/artifact-tree.ts';
export type { LayoutDirectory, LayoutRepository } from './layout/layout-directory.ts';
export { openLayout } from './layout/layout-directory.ts';
export type { LayoutEntry } from './layout/layout-entry.ts';
export { entryName, findEntries, layoutAnnotations } from './layout/layout-entry.ts';
export type { LayoutContent } from './layout/layout-reader.ts';
export { createLayoutReader } from './layout/layout-reader.ts';
export type { ArchiveDestination } from './layout/read-layout-archive.ts';
export { readLayoutArchive } from './layout/read-layout-archive.ts';
export type { ArchivedArtifact, ArchiveOptions } from './layout/write-layout-archive.ts';
export { writeLayoutArchive } from './layout/write-layout-archive.ts';

// Stored content.

export type {
  ContentStore,
  ExpectedContent,
  Ingest,
  IngestOptions,
  InspectedBlob,
  Lease,
  OpenContentOptions,
  RemovedIngests,
} from './content/content-store.ts';
export type { FileContentStoreOptions } from './content/file-content-store.ts';
export { openFileContentStore } from './content/file-content-store.ts';

// Layers.

export { decompress, detectCompression } from './layers/compression.ts';
export { type GzipCompressor, gzipStream } from './layers/gzip-writer.ts';
export { cleanEntryName } from './layers/tar/path.ts';
export type { TarEntry, TarEntryType, TarHandler, TarReader } from './layers/tar/tar-entry.ts';
export { createTarReader } from './layers/tar/tar-reader.ts';
export type { TarWriter } from './layers/tar/tar-writer.ts';
export { createTarWriter } from './layers/tar/tar-writer.ts';

// Errors.

export { escapeHidden, hasHiddenCharacters } from './errors/hidden-characters.ts';
export type { ErrorKind, OutboardErrorOptions } from './errors/outboard-error.ts';
export { isOutboardError, OutboardError } from './errors/outboard-error.ts';

// JSON documents.

export { canonicalizeFields, withUnknownKeys } from './documents/canonical-fields.ts';
export type { Codec, Field, Shape, ValueOf } from './documents/codec.ts';
export { DocumentMismatch, decodeDocument } from './documents/codec.ts';
export { codec } from './documents/codecs.ts';
export { editDistance } from './documents/edit-distance.ts';
export { foldFieldName } from './documents/field-names.ts';
export type { JsonObject, JsonValue } from './documents/json-document.ts';
export { isJsonObject, showValue } from './documents/json-document.ts';
export { JsonFile, type JsonFileOptions } from './documents/json-file.ts';
export { hasBoundedValues } from './documents/json-work.ts';
export type { Given } from './documents/object-type.ts';
export { parseStrictJson } from './documents/strict-json.ts';

// Durable files.

export { describeErrorCode, describeSystemError } from './errors/system-error-words.ts';
export type { ReportUnflushed } from './files/durable-file.ts';
export {
  changeDirectory,
  commitFile,
  commitInDirectory,
  isUnfinishedWrite,
  makeDirectoryDurably,
  removeUnfinishedWrites,
  writeFileDurably,
} from './files/durable-file.ts';
export { requireFreeSpace } from './files/free-space.ts';
export { makeDirectories } from './files/make-directories.ts';
export { onStorage, storageError, systemErrorCode } from './files/storage-error.ts';
