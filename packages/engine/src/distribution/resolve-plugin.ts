/**
 * Resolves a plugin's reference in a registry to one manifest: of an index, the one of the wanted platform.
 */
import {
  choosePlatform,
  compatiblePlatforms,
  type Descriptor,
  decodeManifest,
  isIndexMediaType,
  isOutboardError,
  normalPlatform,
  OutboardError,
  type Platform,
  parseIndex,
  parsePlatform,
  parseReference,
  platformText,
  type Reference,
  type RepositoryReader,
  type ResolvedManifest,
  withDefaultTag,
} from '@outboard/oci';
import { readHostPlatform } from './host-platform.ts';
import { openReader, type PluginSources, type SourceOptions } from './open-reader.ts';

/** Options of a fetch from a registry or an archive. */
export interface FetchOptions extends SourceOptions {
  readonly signal?: AbortSignal | undefined;
  /** In the form of `parsePlatform`; default: this host's, and those that it runs as well. */
  readonly platform?: string | undefined;
}

/** A plugin that was found in a registry. */
export interface FoundPlugin {
  readonly repository: RepositoryReader;
  /** A manifest, never an index. */
  readonly resolved: ResolvedManifest;
  /** The index that names the manifest; absent when the reference names the manifest itself. */
  readonly index?: Descriptor | undefined;
  /** Platform of the index's entry, else the one that was asked for; absent when neither told it. */
  readonly platform?: string | undefined;
}

/** Parse a remote reference and add the default tag. @throws {OutboardError} invalid */
export function parseRemote(remote: string): Reference {
  return withDefaultTag(parseReference(remote));
}

/** Resolve a reference in its registry, or in an archive. @throws {OutboardError} as `resolvePluginIn` */
export function resolvePlugin(
  sources: PluginSources,
  reference: Reference,
  options: FetchOptions,
): Promise<FoundPlugin> {
  return resolvePluginIn(openReader(sources, reference, options), reference, options);
}

/**
 * Resolve a reference to a manifest.
 * @throws {OutboardError} not-found, unauthorized, unavailable, invalid, with Docker's prefix; code `no-platform` when an
 *   index has no manifest for the platform, with those that it has
 */
async function resolvePluginIn(
  repository: RepositoryReader,
  reference: Reference,
  options: Pick<FetchOptions, 'platform' | 'signal'>,
): Promise<FoundPlugin> {
  const asked = options.platform === undefined ? undefined : parsePlatform(options.platform);
  const cancellable = { signal: options.signal };
  try {
    const resolved = await repository.resolve(reference.digest ?? reference.tag ?? 'latest', cancellable);
    const { descriptor: index } = resolved;
    if (!isIndexMediaType(index.mediaType)) {
      return { repository, resolved, platform: asked && platformText(asked) };
    }
    const { manifests } = parseIndex(await decodeManifest(resolved.bytes), index.mediaType);
    const chosen = choosePlatform(manifests, asked ?? compatiblePlatforms(await readHostPlatform()));
    const manifest = await repository.resolve(chosen.digest, cancellable);
    requireSame(chosen, manifest.descriptor);
    return { repository, resolved: manifest, index, platform: textOf(chosen.platform) };
  } catch (cause) {
    if (!isOutboardError(cause)) throw cause;
    const { kind, message, code } = cause;
    throw new OutboardError(kind, `error resolving plugin reference: ${message}`, { cause, code });
  }
}

function textOf(platform: Platform | undefined): string | undefined {
  return platform && platformText(normalPlatform(platform));
}

/**
 * An index and its registry must agree on what a digest is.
 * @see CVE-2021-41190: one digest must not mean a manifest here and an index there
 */
function requireSame(entry: Descriptor, found: Descriptor): void {
  if (entry.mediaType === found.mediaType && entry.size === found.size) return;
  throw new OutboardError(
    'invalid',
    `invalid index: its entry ${entry.digest} is "${entry.mediaType}" of ${entry.size} bytes, ` +
      `and the registry has "${found.mediaType}" of ${found.size} bytes`,
  );
}
