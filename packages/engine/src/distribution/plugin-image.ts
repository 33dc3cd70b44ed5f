/**
 * A plugin in a registry: its manifest and config are fetched and validated before any layer.
 */
import {
  choosePlatform,
  type Descriptor,
  familiarString,
  hostPlatform,
  type ImageManifest,
  isIndexMediaType,
  isOutboardError,
  mediaTypes,
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
import { messagesOf } from '../config/config-finding.ts';
import { maxConfigBytes, parsePluginConfig } from '../config/parse-plugin-config.ts';
import type { PluginConfig } from '../config/plugin-config.ts';
import { validatePluginConfig } from '../config/validate-plugin-config.ts';

/** The image of a plugin for this host's platform. */
export interface PluginImage {
  /** The requested reference, with tag or digest. */
  readonly reference: Reference;
  readonly repository: RepositoryReader;
  /** A manifest, never an index. */
  readonly resolved: ResolvedManifest;
  readonly manifest: ImageManifest;
  readonly configBytes: Buffer;
  readonly config: PluginConfig;
  /** Warnings about the config. */
  readonly warnings: readonly string[];
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
): Promise<{ repository: RepositoryReader; resolved: ResolvedManifest }> {
  const repository = registry.repository(reference, 'pull', options.access);
  const cancellable = { signal: options.signal };
  try {
    const resolved = await repository.resolve(reference.digest ?? reference.tag ?? 'latest', cancellable);
    if (!isIndexMediaType(resolved.descriptor.mediaType)) return { repository, resolved };
    const index = parseIndex(resolved.bytes, resolved.descriptor.mediaType);
    const chosen = choosePlatform(index.manifests, hostPlatform());
    return { repository, resolved: await repository.resolve(chosen.digest, cancellable) };
  } catch (cause) {
    if (!isOutboardError(cause)) throw cause;
    throw new OutboardError(cause.kind, `error resolving plugin reference: ${cause.message}`, { cause });
  }
}

/**
 * Fetch and validate the config of a resolved plugin.
 * @throws {OutboardError} invalid when the image is no plugin or its config is invalid; the registry's errors
 */
export async function fetchPluginImage(
  reference: Reference,
  found: { readonly repository: RepositoryReader; readonly resolved: ResolvedManifest },
  signal?: AbortSignal | undefined,
): Promise<PluginImage> {
  const { repository, resolved } = found;
  const manifest = parseManifest(resolved.bytes, resolved.descriptor.mediaType);
  requirePluginConfig(manifest.config, reference);
  const configBytes = await repository.readBlob(manifest.config, {
    maxBytes: maxConfigBytes,
    signal,
  });
  const parsed = parsePluginConfig(configBytes);
  const warnings = [...messagesOf(parsed.findings), ...validatePluginConfig(parsed.config)];
  return { reference, repository, resolved, manifest, configBytes, config: parsed.config, warnings };
}

function requirePluginConfig(config: Descriptor, reference: Reference): void {
  if (config.mediaType === mediaTypes.dockerPluginConfig) return;
  throw new OutboardError(
    'invalid',
    `did not find plugin config for specified reference ${familiarString(reference)}: ` +
      `its config is ${JSON.stringify(config.mediaType)}, not ${mediaTypes.dockerPluginConfig}`,
    { code: 'not-a-plugin' },
  );
}
