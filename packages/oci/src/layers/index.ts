/**
 * Reading and writing layers: `@outboard/oci/layers`, the part of the public face for short-lived processes that pack or
 * unpack. It loads no HTTP client and no schemas.
 */

export type { Digest, Digester } from '../digests/digest.ts';
export { createDigester } from '../digests/digest.ts';
export { isOutboardError, OutboardError } from '../errors/outboard-error.ts';
export { judgeFreeSpace } from '../files/free-space.ts';
export type { DecompressedLayer, LayerCompression } from './compression.ts';
export { decompress } from './compression.ts';
export type { GzipInflater, InflateStep } from './gzip-members.ts';
export type { GzipCompressor } from './gzip-writer.ts';
export { cleanEntryName } from './tar/path.ts';
export type { TarEntry, TarEntryType, TarHandler, TarReader } from './tar/tar-entry.ts';
export { createTarReader } from './tar/tar-reader.ts';
export type { TarWriter } from './tar/tar-writer.ts';
export { createTarWriter } from './tar/tar-writer.ts';
export type { ZstdInflater } from './zstd-frames.ts';
