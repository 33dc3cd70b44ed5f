/**
 * The state of a registry in memory: repositories with blobs, manifests and tags, under the rules by which registries
 * accept them. Tests use it through a client (`memory-registry-client.ts`) or over HTTP (`registry-server.ts`).
 */
import * as z from 'zod';
import { type Digest, digestAlgorithm, digestOf, parseDigest } from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import { parseArtifact } from '../manifests/artifact-manifest.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { isManifestMediaType, mediaTypes } from '../manifests/media-types.ts';
import { parseManifestName } from '../registry/object-name.ts';
import type { RegistryCredentials } from '../registry/registry-client.ts';

/** A manifest as it was pushed. */
export interface StoredManifest {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** Bytes of a blob and their type. */
export interface TypedContent {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Parts of an artifact. */
export interface ArtifactContent {
  /** Default: OCI's empty config. */
  readonly config?: TypedContent | undefined;
  readonly layers: readonly TypedContent[];
  readonly artifactType?: string | undefined;
  /** The manifest that this artifact refers to, as a signature does. */
  readonly subject?: Descriptor | undefined;
}

/** One request of a client, before it is answered. */
export interface RegistryRequest {
  readonly operation:
    | 'resolve'
    | 'openBlob'
    | 'hasBlob'
    | 'pushBlob'
    | 'pushManifest'
    | 'listTags'
    | 'referrers'
    | 'delete'
    | 'logIn';
  /** Repository path; empty for `logIn`. */
  readonly path: string;
  /** Tag or digest; empty for `logIn`. */
  readonly target: string;
}

/** Options of a registry in memory. */
export interface MemoryRegistryOptions {
  /** Accept requests with these credentials only; default: accept all requests. */
  readonly login?: Login | undefined;
}

/** A user name and its password. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** A registry in memory; everything in it is open to tests. */
export class MemoryRegistry {
  readonly login: Login | undefined;
  readonly repositories = new Map<string, MemoryRepository>();
  /** Every request so far, oldest first. */
  readonly requests: RegistryRequest[] = [];
  /** Called before each request is answered; what it throws is the answer. */
  intercept: (request: RegistryRequest) => void | Promise<void> = () => undefined;
  /** Downloads of the client in memory fail (unavailable) after this many bytes of a blob; undefined: they do not. */
  breakBlobsAfter: number | undefined;
  /** True: no blob is mounted from another repository, as in registries without that ability. */
  refusesMounts = false;

  constructor(options: MemoryRegistryOptions = {}) {
    this.login = options.login;
  }

  /** The repository of this path; created when missing, as a push does. */
  repository(path: string): MemoryRepository {
    const known = this.repositories.get(path);
    if (known !== undefined) return known;
    const repository = new MemoryRepository();
    this.repositories.set(path, repository);
    return repository;
  }

  /**
   * Note a request and admit it.
   * @throws {OutboardError} unauthorized for other credentials than `login`; whatever `intercept` throws
   */
  async admit(request: RegistryRequest, credentials: RegistryCredentials | undefined): Promise<void> {
    this.requests.push(request);
    await this.intercept(request);
    const { login } = this;
    if (login === undefined) return;
    if (credentials?.username === login.username && credentials.password === login.password) return;
    throw new OutboardError('unauthorized', 'authentication required', { code: 'UNAUTHORIZED' });
  }
}

/** @see OCI image-spec v1.1.1, manifest.md, "Guidance for an Empty Descriptor" */
const emptyConfig: TypedContent = {
  mediaType: 'application/vnd.oci.empty.v1+json',
  bytes: Buffer.from('{}'),
};

const referenced = z.object({
  config: z.object({ digest: z.string() }).optional(),
  layers: z.array(z.object({ digest: z.string() })).default([]),
});

/** One repository. Its maps may be changed directly: a test stores wrong bytes or removes a blob so. */
export class MemoryRepository {
  readonly blobs = new Map<Digest, Buffer>();
  readonly manifests = new Map<Digest, StoredManifest>();
  readonly tags = new Map<string, Digest>();

  /** @throws {OutboardError} invalid when the bytes have another digest */
  putBlob(digest: Digest, bytes: Buffer): void {
    if (digestOf(bytes, digestAlgorithm(digest)) !== digest) {
      throw new OutboardError('invalid', 'provided digest did not match uploaded content', {
        code: 'DIGEST_INVALID',
      });
    }
    this.blobs.set(digest, bytes);
  }

  /**
   * Store a manifest under a tag or digest.
   * @throws {OutboardError} invalid for an invalid name, a digest that differs, or blobs that are not in the repository
   */
  putManifest(tagOrDigest: string, manifest: StoredManifest): Digest {
    const name = parseManifestName(tagOrDigest);
    const digest = digestOf(manifest.bytes, name.digest && digestAlgorithm(name.digest));
    if (name.digest !== undefined && name.digest !== digest) {
      throw new OutboardError('invalid', 'provided digest did not match uploaded content', {
        code: 'DIGEST_INVALID',
      });
    }
    const { config, layers } = referenced.parse(JSON.parse(manifest.bytes.toString()));
    for (const blob of config === undefined ? layers : [config, ...layers]) {
      if (this.blobs.has(parseDigest(blob.digest))) continue;
      throw new OutboardError('invalid', `blob unknown to registry: ${blob.digest}`, {
        code: 'MANIFEST_BLOB_UNKNOWN',
      });
    }
    this.manifests.set(digest, manifest);
    if (name.digest === undefined) this.tags.set(name.text, digest);
    return digest;
  }

  /**
   * Store an artifact whole: its blobs, and an OCI manifest under a tag or, without one, under its digest.
   * @returns the manifest's descriptor
   * @throws {OutboardError} invalid for an invalid tag
   * @see OCI image-spec v1.1.1, manifest.md, "Guidelines for Artifact Usage"
   */
  putArtifact(
    tag: string | undefined,
    { config = emptyConfig, layers, ...rest }: ArtifactContent,
  ): Descriptor {
    const store = ({ mediaType, bytes }: TypedContent): Descriptor => {
      const digest = digestOf(bytes);
      this.blobs.set(digest, Buffer.from(bytes));
      return { mediaType, digest, size: bytes.length };
    };
    const mediaType = mediaTypes.ociManifest;
    const document = {
      schemaVersion: 2,
      mediaType,
      config: store(config),
      layers: layers.map(store),
      ...rest,
    };
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = digestOf(bytes);
    this.putManifest(tag ?? digest, { mediaType, bytes });
    return { mediaType, digest, size: bytes.length };
  }

  /** The manifests that name this one as their subject, as descriptors of an index. */
  referrersOf(digest: Digest): Descriptor[] {
    return [...this.manifests].flatMap(([own, { mediaType, bytes }]) => {
      if (!isManifestMediaType(mediaType)) return [];
      const { subject, artifactType, annotations } = parseArtifact(bytes, mediaType);
      if (subject?.digest !== digest) return [];
      return [
        { mediaType, digest: own, size: bytes.length, artifactType, ...(annotations && { annotations }) },
      ];
    });
  }

  /** Delete a tag, or a manifest with its tags. @returns false when there is none */
  deleteManifest(tagOrDigest: string): boolean {
    const { text, digest } = parseManifestName(tagOrDigest);
    if (digest === undefined) return this.tags.delete(text);
    for (const [tag, tagged] of this.tags) if (tagged === digest) this.tags.delete(tag);
    return this.manifests.delete(digest);
  }

  /** The manifest that a tag or digest names, if there is one. */
  findManifest(tagOrDigest: string): StoredManifest | undefined {
    const { text, digest = this.tags.get(text) } = parseManifestName(tagOrDigest);
    return digest === undefined ? undefined : this.manifests.get(digest);
  }
}
