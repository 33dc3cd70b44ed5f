/**
 * A plugin in a registry: its manifest and config are fetched and validated before any layer.
 */
import {
  choosePlatform,
  type Descriptor,
  hostPlatform,
  type ImageManifest,
  isIndexMediaType,
  isOutboardError,
  OutboardError,
  parseIndex,
  parseManifest,
  parseReference,
  type Reference,
  type RegistryAccess,
  type RegistryClient,
  type RepositoryReader,
  type ResolvedManifest,
  withDefaultTag,
} from '@outboard/oci';
import type { PluginConfig } from '../config/plugin-config.ts';
import { checkConfigBlob, maxConfigBlobBytes } from './labelled-image.ts';

/** The image of a plugin for this host's platform. */
export interface PluginImage {
  /** The requested reference, with tag or digest. */
  readonly reference: Reference;
  readonly repository: RepositoryReader;
  /** A manifest, never an index. */
  readonly resolved: ResolvedManifest;
  readonly manifest: ImageManifest;
  /** The config blob: of a plugin, or of an image. */
  readonly configBytes: Buffer;
  /** For an image, what its label and its own config say together. */
  readonly config: PluginConfig;
  /** Warnings about the config. */
  readonly warnings: readonly string[];
}

/** A plugin whose manifest was found. */
export interface FoundPlugin {
  readonly repository: RepositoryReader;
  readonly resolved: ResolvedManifest;
  /** The index that the reference names, out of which the manifest was chosen. */
  readonly index?: Descriptor | undefined;
}

/** Options of a fetch from a registry. */
export interface FetchOptions {
  readonly access?: RegistryAccess | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Parse a remote reference and add the default tag. @throws {OutboardError} invalid */
export function parseRemote(remote: string): Reference {
  return withDefaultTag(parseReference(remote));
}

/**
 * Resolve a reference to a manifest; from an index the one of this host's platform is chosen.
 * @throws {OutboardError} not-found, unauthorized, unavailable, invalid, with Docker's prefix
 */
export async function resolvePlugin(
  registry: RegistryClient,
  reference: Reference,
  options: FetchOptions,
): Promise<FoundPlugin> {
  const repository = registry.repository(reference, 'pull', options.access);
  const cancellable = { signal: options.signal };
  try {
    const resolved = await repository.resolve(reference.digest ?? reference.tag ?? 'latest', cancellable);
    if (!isIndexMediaType(resolved.descriptor.mediaType)) return { repository, resolved };
    const index = parseIndex(resolved.bytes, resolved.descriptor.mediaType);
    const chosen = choosePlatform(index.manifests, hostPlatform());
    const manifest = await repository.resolve(chosen.digest, cancellable);
    return { repository, resolved: manifest, index: resolved.descriptor };
  } catch (cause) {
    if (!isOutboardError(cause)) throw cause;
    throw new OutboardError(cause.kind, `error resolving plugin reference: ${cause.message}`, { cause });
  }
}

/**
 * Fetch and validate the config of a resolved plugin, or of an image whose label makes it one.
 * @throws {OutboardError} invalid when it is no plugin or its config is invalid; the registry's errors
 */
export async function fetchPluginImage(
  reference: Reference,
  found: { readonly repository: RepositoryReader; readonly resolved: ResolvedManifest },
  signal?: AbortSignal | undefined,
): Promise<PluginImage> {
  const { repository, resolved } = found;
  const manifest = parseManifest(resolved.bytes, resolved.descriptor.mediaType);
  const configBytes = await repository.readBlob(manifest.config, {
    maxBytes: maxConfigBlobBytes(manifest.config, reference),
    signal,
  });
  const checked = checkConfigBlob(configBytes, manifest.config, { reference });
  return { reference, repository, resolved, manifest, configBytes, ...checked };
}
