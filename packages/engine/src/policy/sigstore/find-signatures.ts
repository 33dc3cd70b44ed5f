/**
 * Finds the signatures of a plugin where cosign puts them: under a tag that is made of the digest, and among the referrers.
 * Those of the index out of which the manifest was chosen count as well.
 */
import type { Cancellable } from '@outboard/async';
import {
  type ArtifactManifest,
  type Descriptor,
  type Digest,
  isOutboardError,
  parseArtifact,
  type RepositoryReader,
} from '@outboard/oci';
import type { PolicyRequest } from '../document/policy-request.ts';
import { SignatureProblem } from '../document/signature-problem.ts';
import type { AttachedSignature } from './attached-signature.ts';
import { bundleMediaType, maxBundleBytes, readBundle } from './bundle-signature.ts';
import { maxPayloadBytes, payloadMediaType, readCosignSignature } from './cosign-signature.ts';

/** Upper bound of signatures that are looked at, and of manifests that may hold some. */
const maxSignatures = 64;

/** Artifact type of manifests with signatures that are referrers. */
const cosignArtifactType = 'application/vnd.dev.cosign.artifact.sig.v1+json';

/** Signatures of a plugin, in the order in which they were found. */
export interface FoundSignatures {
  readonly signatures: readonly AttachedSignature[];
  /** Reasons why others cannot be read. */
  readonly problems: readonly string[];
  /** First error of the source; it matters when the signatures that were found do not suffice. */
  readonly failure?: unknown;
}

/** Find all signatures, at most 64. @throws the signal's reason */
export async function findSignatures(request: PolicyRequest): Promise<FoundSignatures> {
  const { index, manifest, signal } = request;
  const search = new SignatureSearch(request.reader, { signal });
  for (const subject of index === undefined ? [manifest] : [index, manifest]) {
    await search.attempt(() => search.byTag(subject));
    await search.attempt(() => search.byReferrers(subject));
  }
  return search;
}

class SignatureSearch implements FoundSignatures {
  readonly signatures: AttachedSignature[] = [];
  readonly problems: string[] = [];
  failure: unknown;
  readonly #reader: RepositoryReader;
  readonly #cancellable: Cancellable;
  #examined = 0;

  constructor(reader: RepositoryReader, cancellable: Cancellable) {
    this.#reader = reader;
    this.#cancellable = cancellable;
  }

  /** An error of one place leaves the others to be searched. */
  async attempt(search: () => Promise<void>): Promise<void> {
    try {
      await search();
    } catch (error) {
      this.#cancellable.signal?.throwIfAborted();
      if (!isOutboardError(error, 'not-found')) this.failure ??= error;
    }
  }

  async byTag({ digest }: Descriptor): Promise<void> {
    const { bytes, descriptor } = await this.#reader.resolve(signatureTag(digest), this.#cancellable);
    await this.#readLayers(parseArtifact(bytes, descriptor.mediaType), 'tag');
  }

  async byReferrers({ digest }: Descriptor): Promise<void> {
    const referrers = await this.#reader.referrers(digest, this.#cancellable);
    const signing = referrers.filter(({ artifactType = '' }) => isSignatureType(artifactType));
    for (const referrer of signing) {
      if (this.#isFull()) return;
      await this.attempt(async () => {
        const { bytes, descriptor } = await this.#reader.resolve(referrer.digest, this.#cancellable);
        const artifact = parseArtifact(bytes, descriptor.mediaType);
        if (artifact.subject?.digest !== digest)
          return this.#refuse(`${referrer.digest} is about another manifest`);
        if (referrer.artifactType === cosignArtifactType) return this.#readLayers(artifact, 'referrer');
        await this.#readBundles(artifact, digest);
      });
    }
  }

  async #readLayers(artifact: ArtifactManifest, storage: AttachedSignature['storage']): Promise<void> {
    for (const layer of artifact.layers.filter(({ mediaType }) => mediaType === payloadMediaType)) {
      await this.#read(layer, maxPayloadBytes, async (payload) =>
        readCosignSignature(payload, layer.annotations ?? {}, storage),
      );
    }
  }

  async #readBundles(artifact: ArtifactManifest, subject: Digest): Promise<void> {
    const bytesOf = async (digest: Digest) => (await this.#reader.resolve(digest, this.#cancellable)).bytes;
    for (const layer of artifact.layers.filter(({ mediaType }) => bundleMediaType.test(mediaType))) {
      await this.#read(layer, maxBundleBytes, (bytes) => readBundle(bytes, subject, bytesOf));
    }
  }

  async #read(
    layer: Descriptor,
    maxBytes: number,
    read: (bytes: Buffer) => Promise<AttachedSignature>,
  ): Promise<void> {
    if (this.#isFull()) return;
    this.#examined++;
    const bytes = await this.#reader.readBlob(layer, { ...this.#cancellable, maxBytes });
    try {
      this.signatures.push(await read(bytes));
    } catch (error) {
      if (!(error instanceof SignatureProblem)) throw error;
      this.#refuse(error.message);
    }
  }

  #isFull(): boolean {
    if (this.#examined < maxSignatures) return false;
    const problem = `there are more than ${maxSignatures} signatures, and the others were not read`;
    if (!this.problems.includes(problem)) this.problems.push(problem);
    return true;
  }

  #refuse(problem: string): void {
    this.problems.push(`signature ${this.#examined} ${problem}`);
  }
}

/** The tag under which cosign puts signatures, `sha256-<hex>.sig`. */
export function signatureTag(digest: Digest): string {
  return `${digest.replace(':', '-')}.sig`;
}

function isSignatureType(artifactType: string): boolean {
  return artifactType === cosignArtifactType || bundleMediaType.test(artifactType);
}
