/**
 * Push of several installed plugins as one: an index with a build for each platform, under one tag.
 */
import type { Cancellable } from '@outboard/async';
import {
  type Descriptor,
  encodeIndex,
  isIndexMediaType,
  isOutboardError,
  mediaTypes,
  normalPlatform,
  OutboardError,
  parseIndex,
  parsePlatform,
  platformText,
  type RepositoryReader,
} from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import type { ProgramArchitectures } from '../program-architectures.ts';

/** One build of an index. */
export interface PlatformBuild {
  /** Name or ID of an installed plugin. */
  readonly plugin: string;
  /** In the form of `parsePlatform`; default: that of its record, else of its program. */
  readonly platform?: string | undefined;
}

/** An index as it is pushed. */
export interface BuiltIndex {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** Annotation of BuildKit's attestations: the manifest that they are about. */
const attestedDigest = 'vnd.docker.reference.digest';

/**
 * The platform of a build.
 * @param named by the operator
 * @throws {OutboardError} invalid when nothing tells it, or when the program is built for another one
 */
export async function platformOfBuild(
  architectures: ProgramArchitectures,
  record: PluginRecord,
  named: string | undefined,
): Promise<string> {
  const architecture = await architectures.find(record);
  const known = named ?? record.platform ?? (architecture && `linux/${architecture}`);
  if (known === undefined) {
    throw new OutboardError(
      'invalid',
      `the platform of plugin ${record.name} is not known, since its program does not tell it: want --platform OS/ARCH=${record.name}`,
    );
  }
  const platform = parsePlatform(known);
  if (architecture !== undefined && architecture !== platform.architecture) {
    throw new OutboardError(
      'invalid',
      `plugin ${record.name} is no build for ${platformText(platform)}: its program is built for ${architecture}`,
    );
  }
  return platformText(platform);
}

/** @throws {OutboardError} invalid when two builds are for one platform */
export function requireDistinct(
  builds: readonly { readonly platform: string; readonly name: string }[],
): void {
  const names = new Map<string, string>();
  for (const { platform, name } of builds) {
    const other = names.get(platform);
    if (other !== undefined) {
      throw new OutboardError(
        'invalid',
        `plugins ${other} and ${name} are both builds for ${platform}, want one`,
      );
    }
    names.set(platform, name);
  }
}

/**
 * The index that a tag names, whose other platforms stay.
 * @returns empty when there is no such tag
 * @throws {OutboardError} conflict when the tag names a single plugin, whose platform is not known; the registry's errors
 */
export async function readEntries(
  repository: RepositoryReader,
  tag: string,
  options: Cancellable,
): Promise<readonly Descriptor[]> {
  try {
    const { descriptor, bytes } = await repository.resolve(tag, options);
    if (isIndexMediaType(descriptor.mediaType)) return parseIndex(bytes, descriptor.mediaType).manifests;
  } catch (error) {
    if (isOutboardError(error, 'not-found')) return [];
    throw error;
  }
  throw new OutboardError(
    'conflict',
    `cannot add to tag ${tag}: it names a plugin for one platform, not an index; push without --append to replace it`,
  );
}

/** Put builds into an index: in place of those for the same platforms, else at its end. Attestations go with their manifest. */
export function mergeEntries(
  entries: readonly Descriptor[],
  builds: readonly Descriptor[],
): readonly Descriptor[] {
  const byPlatform = new Map(builds.map((build) => [platformOf(build), build]));
  const replaced = new Set(
    entries.filter((entry) => byPlatform.has(platformOf(entry))).map(({ digest }) => digest as string),
  );
  const placed = new Set<Descriptor>();
  const kept = entries.flatMap((entry) => {
    if (replaced.has(entry.annotations?.[attestedDigest] ?? '')) return [];
    const build = byPlatform.get(platformOf(entry));
    if (build === undefined) return [entry];
    if (placed.has(build)) return [];
    placed.add(build);
    return [build];
  });
  return [...kept, ...builds.filter((build) => !placed.has(build))];
}

/** Encode an index: Docker's manifest list while all of its manifests are Docker's, so that old clients read it. */
export function buildIndex(manifests: readonly Descriptor[]): BuiltIndex {
  const isDocker = manifests.every(({ mediaType }) => mediaType === mediaTypes.dockerManifest);
  const mediaType = isDocker ? mediaTypes.dockerManifestList : mediaTypes.ociIndex;
  return { mediaType, bytes: encodeIndex(manifests, mediaType) };
}

function platformOf({ platform }: Descriptor): string {
  return platform === undefined ? '' : platformText(normalPlatform(platform));
}
