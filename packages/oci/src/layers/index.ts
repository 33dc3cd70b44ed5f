/**
 * Reading and writing layers, without the rest: `@outboard/oci/layers` loads no HTTP client and no schemas, for
 * processes that start often and unpack or pack. It is a part of the package's public face, like `index.ts` above.
 */

export type { Digest, Digester } from '../digests/digest.ts';
export { createDigester } from '../digests/digest.ts';
export { isOutboardError, OutboardError } from '../errors/outboard-error.ts';
export type { DecompressedLayer, LayerCompression } from './compression.ts';
export { decompress } from './compression.ts';
export type { GzipInflater, InflateStep } from './gzip-members.ts';
export { cleanEntryName } from './tar/path.ts';
export type { TarEntry, TarEntryType, TarHandler, TarReader } from './tar/tar-entry.ts';
export { createTarReader } from './tar/tar-reader.ts';
export type { TarWriter } from './tar/tar-writer.ts';
export { createTarWriter } from './tar/tar-writer.ts';
