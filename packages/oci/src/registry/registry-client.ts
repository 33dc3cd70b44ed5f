/**
 * The contract of a registry client: one repository of one registry, with one set of credentials.
 */
import type { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import type { Digest } from '../digests/digest.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import type { Reference } from '../references/reference.ts';

/** Credentials for a registry, as in Docker's `X-Registry-Auth`. Never logged. */
export interface RegistryCredentials {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** An OAuth2 refresh token; used before user name and password when not empty. */
  readonly identityToken?: string | undefined;
  /** A bearer token to send unchanged. */
  readonly registryToken?: string | undefined;
}

/** Credentials and headers of one operation. */
export interface RegistryAccess {
  readonly credentials?: RegistryCredentials | undefined;
  /** Extra headers for every request to the registry's own host, such as Docker's `X-Meta-*`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Path of a repository of the same registry, such as `acme/base`: `pushBlob` asks the registry to take blobs over from
   * there before it uploads them.
   */
  readonly mountFrom?: string | undefined;
}

/** A verified manifest or index. */
export interface ResolvedManifest {
  readonly descriptor: Descriptor;
  /** The bytes that the registry sent, of which `descriptor.digest` is the digest. */
  readonly bytes: Buffer;
}

/** Receives the number of transferred bytes, counted from the start of the transfer. */
export type ReportBytes = (bytes: number) => void;

/** Settings of a download. */
export interface OpenBlobOptions extends Cancellable {
  /** False: the caller verifies the digest before the content is used; default true. */
  readonly verify?: boolean | undefined;
  /**
   * Begin with the byte at this offset, because the caller has those before it; default 0. With an offset only the size is
   * verified.
   */
  readonly offset?: number | undefined;
  /** Called before the transfer goes on after a broken connection, with the bytes that are there. */
  readonly onResume?: ((offset: number) => void) | undefined;
  /**
   * Called when a mirror sends the content or a part of it. A caller that verifies the content itself reports wrong content
   * with the function that it gets: the mirrors that sent a part are passed over from then on.
   */
  readonly onMirror?: ((reportWrongContent: (error: unknown) => void) => void) | undefined;
}

/** Downloads blobs. */
export interface BlobFetcher {
  /**
   * Open one blob and verify it while it streams. A broken connection is resumed by a range request.
   * The stream fails before its end if size or digest differ; the caller consumes or destroys it.
   * @throws {OutboardError} not-found; unavailable after the last retry; on the stream: invalid when the content differs,
   *   code `content-changed` when it changed while the blob was resumed, or a mirror sent it: opened again it may be right
   * @see OCI distribution-spec v1.1.1, "Pulling blobs"
   */
  openBlob(descriptor: Descriptor, options?: OpenBlobOptions): Promise<Readable>;
  /**
   * Fetch a small blob into memory.
   * @throws {OutboardError} as `openBlob`; invalid when it is larger than `maxBytes`
   */
  readBlob(descriptor: Descriptor, options: Cancellable & { readonly maxBytes: number }): Promise<Buffer>;
}

/** Downloads manifests and indexes. */
export interface ManifestFetcher {
  /**
   * Fetch the manifest or index that a tag or digest names (at most 4 MiB).
   * @throws {OutboardError} not-found, unauthorized, unavailable; invalid when the bytes do not match the requested digest
   */
  resolve(tagOrDigest: string, options?: Cancellable): Promise<ResolvedManifest>;
}

/** Uploads blobs and manifests. */
export interface RepositoryPusher {
  /** Check for a blob in the repository. */
  hasBlob(digest: Digest, options?: Cancellable): Promise<boolean>;
  /**
   * Upload one blob unless the repository has it.
   * @param openSource opens the content again for each attempt
   * @returns `uploaded`; `exists` when the repository had the blob; `mounted` when the registry took it over from
   *   `RegistryAccess.mountFrom`
   * @throws {OutboardError} invalid when the content differs from its descriptor; nothing is stored then
   */
  pushBlob(
    descriptor: Descriptor,
    openSource: () => Promise<Readable>,
    options?: Cancellable & { readonly onProgress?: ReportBytes | undefined },
  ): Promise<PushedBlob>;
  /**
   * Push a manifest under a tag or digest, after its blobs. Where the registry does not list referrers itself, a manifest
   * with a `subject` is added to the list that clients keep under a tag.
   * @see OCI distribution-spec v1.1.1, "Pushing Manifests with Subject"
   * @throws {OutboardError} invalid when its blobs are missing, or the registry stored another digest
   */
  pushManifest(
    tagOrDigest: string,
    manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
    options?: Cancellable,
  ): Promise<Digest>;
}

/** The way in which a repository got a blob. */
export type PushedBlob = 'uploaded' | 'exists' | 'mounted';

/** Lists what refers to a manifest. */
export interface ReferrerLister {
  /**
   * The manifests whose `subject` is this one: signatures, attestations, SBOMs. Empty when there are none. Registries that
   * do not list them are asked for the list that clients keep under a tag.
   * @param options.artifactType only artifacts of this type
   * @see OCI distribution-spec v1.1.1, "Listing Referrers"
   */
  referrers(
    digest: Digest,
    options?: Cancellable & { readonly artifactType?: string | undefined },
  ): Promise<readonly Descriptor[]>;
}

/** Lists what a repository holds. */
export interface RepositoryLister extends ReferrerLister {
  /**
   * All tags, in the registry's order. Pages are fetched as they are read.
   * @throws {OutboardError} not-found when there is no such repository; invalid for a malformed page; forbidden for a page
   *   on another host; unavailable for a list without end
   * @see OCI distribution-spec v1.1.1, "Listing Tags"
   */
  listTags(options?: Cancellable): AsyncIterable<string>;
}

/**
 * Source of artifacts: a repository of a registry, an OCI image layout in a directory, or an archive in a content store.
 * What reads artifacts (pull, copy, verify) takes one of these, whatever is behind it.
 */
export interface RepositoryReader extends BlobFetcher, ManifestFetcher, ReferrerLister {}

/** Destination of artifacts: a repository of a registry, or an OCI image layout in a directory. */
export type RepositoryWriter = RepositoryPusher;

/** Removes what a repository holds. Many registries forbid it, or permit digests only. */
export interface RepositoryRemover {
  /**
   * Delete a tag, or a manifest with all of its tags. Where the registry does not list referrers itself, a manifest with a
   * `subject` that is deleted by its digest is taken off the list that clients keep under a tag.
   * @throws {OutboardError} not-found; not-implemented or invalid when the registry does not delete it
   * @see OCI distribution-spec v1.1.1, "Content Management"
   */
  deleteManifest(tagOrDigest: string, options?: Cancellable): Promise<void>;
  /** Delete a blob. @throws {OutboardError} as `deleteManifest` */
  deleteBlob(digest: Digest, options?: Cancellable): Promise<void>;
}

/** Permissions to ask a token server for. */
export type RepositoryActions = 'pull' | 'pull,push' | 'pull,push,delete';

/** One repository of one registry. */
export interface Repository extends RepositoryReader, RepositoryWriter, RepositoryLister, RepositoryRemover {
  readonly reference: Reference;
}

/** Result of an accepted login. */
export interface Login {
  /** OAuth2 refresh token that replaces the password; empty when the registry sent none. */
  readonly identityToken: string;
}

/** Fetches small files beside the registries, such as signatures, as anybody may: no credentials are sent. */
export interface FileFetcher {
  /**
   * Fetch a file whole, over the proxies and with the certificates of registries.
   * @param url `http:` or `https:`, named by the operator
   * @returns undefined when the server has none
   * @throws {OutboardError} invalid when it has more than `maxBytes`; forbidden for a blocked host; unavailable
   */
  fetchFile(url: URL, options: Cancellable & { readonly maxBytes: number }): Promise<Buffer | undefined>;
}

/** Opens repositories; shared by all operations of a process. Disposing closes its connections. */
export interface RegistryClient extends FileFetcher, AsyncDisposable {
  /**
   * Open a repository; nothing is sent. Its `pushBlob` uses no chunk of a source after it has asked for two more, so that the
   * source may use the memory again.
   * @param actions actions of the requested token scope; default `pull`
   * @throws {OutboardError} invalid for a malformed path or header
   */
  repository(reference: Reference, actions?: RepositoryActions, access?: RegistryAccess): Repository;
  /**
   * Test credentials with `GET /v2/`, as Docker does. A registry without authentication accepts all.
   * @param serverAddress host, `HOST:PORT` or URL, as Docker's configuration names registries; empty means Docker Hub
   * @throws {OutboardError} unauthorized when the registry or its token server refuses; forbidden when the token server
   *   must not see the credentials; unavailable; invalid for a malformed address
   */
  logIn(serverAddress: string, credentials: RegistryCredentials, options?: Cancellable): Promise<Login>;
}
