/**
 * The contract of a registry client: one repository of one registry, with one set of credentials.
 */
import type { Readable } from 'node:stream';
import type { Digest } from '../digests/digest.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import type { Reference } from '../references/reference.ts';

/** What a client may prove itself with; the fields of Docker's `X-Registry-Auth`. Never logged. */
export interface RegistryCredentials {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** An OAuth2 refresh token; used before user name and password when not empty. */
  readonly identityToken?: string | undefined;
  /** A bearer token to send as it is. */
  readonly registryToken?: string | undefined;
}

/** How one operation reaches a registry. */
export interface RegistryAccess {
  readonly credentials?: RegistryCredentials | undefined;
  /** Extra headers for every request to the registry's own host, such as Docker's `X-Meta-*`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A manifest or index as the registry sent it, verified. */
export interface ResolvedManifest {
  readonly descriptor: Descriptor;
  /** The exact bytes that `descriptor.digest` covers. */
  readonly bytes: Buffer;
}

/** Told how many bytes of a transfer are done, counted from its start. */
export type ReportBytes = (bytes: number) => void;

export interface BlobFetcher {
  /**
   * Open one blob and verify it while it streams. A connection that breaks is resumed by a range request.
   * The stream fails before its end if size or digest differ; the caller consumes or destroys it.
   * @param options.verify false leaves the digest to the caller, who must compare it before anything is used for good
   * @throws {OutboardError} not-found; unavailable when retries run out; on the stream: invalid when the content differs
   * @see OCI distribution-spec v1.1.1, "Pulling blobs"
   */
  openBlob(
    descriptor: Descriptor,
    options?: { readonly verify?: boolean | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<Readable>;
  /** Fetch a small blob whole. @throws {OutboardError} invalid when it is larger than `maxBytes` or differs from its descriptor */
  readBlob(
    descriptor: Descriptor,
    options: { readonly maxBytes: number; readonly signal?: AbortSignal | undefined },
  ): Promise<Buffer>;
}

export interface ManifestFetcher {
  /**
   * Fetch the manifest or index that a tag or digest names (at most 4 MiB).
   * @throws {OutboardError} not-found, unauthorized, unavailable; invalid when the bytes do not match the digest asked for
   */
  resolve(
    tagOrDigest: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<ResolvedManifest>;
}

export interface RepositoryPusher {
  /** Whether the registry has this blob. */
  hasBlob(digest: Digest, options?: { readonly signal?: AbortSignal | undefined }): Promise<boolean>;
  /**
   * Upload one blob unless the registry has it.
   * @param openSource opens the content anew for each attempt
   * @returns whether bytes were sent (`uploaded`) or the registry had it (`exists`)
   */
  pushBlob(
    descriptor: Descriptor,
    openSource: () => Promise<Readable>,
    options?: { readonly signal?: AbortSignal | undefined; readonly onProgress?: ReportBytes | undefined },
  ): Promise<'uploaded' | 'exists'>;
  /** Put a manifest under a tag or digest; push its blobs first. @throws {OutboardError} invalid when the registry stored another digest */
  pushManifest(
    tagOrDigest: string,
    manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Digest>;
}

/** One repository of one registry. */
export interface Repository extends BlobFetcher, ManifestFetcher, RepositoryPusher {
  readonly reference: Reference;
}

/** That a registry accepted credentials. */
export interface Login {
  /** What takes the password's place from now on: an OAuth2 refresh token. Empty when the registry gave none. */
  readonly identityToken: string;
}

/** Opens repositories; shared by all operations of a process. Close it to end its connections. */
export interface RegistryClient extends AsyncDisposable {
  /** @param actions what the operation will do, which decides the token scope asked for */
  repository(reference: Reference, actions: 'pull' | 'pull,push', access?: RegistryAccess): Repository;
  /**
   * Find out whether a registry accepts credentials, by `GET /v2/` as Docker does. A registry that asks nobody for
   * credentials accepts any.
   * @param serverAddress host, `HOST:PORT` or URL, as Docker's configuration names registries; empty means Docker Hub
   * @throws {OutboardError} unauthorized when the registry or its token server refuses; forbidden when the token server
   *   must not see the credentials; unavailable; invalid for a malformed address
   */
  logIn(
    serverAddress: string,
    credentials: RegistryCredentials,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Login>;
}
