/**
 * Reads signatures beside a registry: `BASE/REPOSITORY@ALGORITHM=HEX/signature-N`, N from 1 on.
 * @see containers/image docs/signature-protocols.md, "docker/distribution registries—separate storage"
 */
import { fileURLToPath } from 'node:url';
import type { Cancellable } from '@outboard/async';
import {
  type Digest,
  digestAlgorithm,
  digestHex,
  type FileFetcher,
  OutboardError,
  type Reference,
  systemErrorCode,
} from '@outboard/oci';
import { readBoundedFile } from '../document/read-bounded-file.ts';
import type { LookasideConfiguration } from './lookaside-configuration.ts';

/** Upper bound of one signature in bytes; they have about 500. */
const maxSignatureBytes = 64 * 1024;

/** A store of signatures. */
export interface LookasideStore {
  /** The base of a repository's signatures, for messages. */
  describe(reference: Reference): string;
  /**
   * The signatures of a manifest, until the first number that is missing; the caller stops reading when it has enough.
   * @throws {OutboardError} invalid when one is too large; system or unavailable when one cannot be read
   */
  read(reference: Reference, digest: Digest, options: Cancellable): AsyncGenerator<Buffer>;
}

/** Create a store. @param files for places with HTTP */
export function createLookasideStore(
  configuration: LookasideConfiguration,
  files: FileFetcher,
): LookasideStore {
  return {
    describe: (reference) => directoryOf(configuration, reference).href,
    async *read(reference, digest, { signal }) {
      const directory = `${directoryOf(configuration, reference).href}@${digestAlgorithm(digest)}=${digestHex(digest)}`;
      for (let number = 1; ; number++) {
        signal?.throwIfAborted();
        const signature = await readFile(new URL(`${directory}/signature-${number}`), files, { signal });
        if (signature === undefined) return;
        yield signature;
      }
    },
  };
}

/** The path of a repository has no part that a URL would resolve. */
function directoryOf(configuration: LookasideConfiguration, reference: Reference): URL {
  const base = configuration.baseOf(reference);
  return new URL(`${base.href.replace(/\/+$/, '')}/${reference.path}`);
}

async function readFile(url: URL, files: FileFetcher, options: Cancellable): Promise<Buffer | undefined> {
  const bytes =
    url.protocol === 'file:'
      ? await readLocalFile(fileURLToPath(url))
      : await files.fetchFile(url, { ...options, maxBytes: maxSignatureBytes });
  if (bytes === undefined || bytes.length <= maxSignatureBytes) return bytes;
  throw new OutboardError('invalid', `the signature ${url.href} has more than ${maxSignatureBytes} bytes`);
}

async function readLocalFile(path: string): Promise<Buffer | undefined> {
  try {
    return await readBoundedFile('signature', path, maxSignatureBytes);
  } catch (error) {
    const code = error instanceof Error ? systemErrorCode(error.cause) : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
