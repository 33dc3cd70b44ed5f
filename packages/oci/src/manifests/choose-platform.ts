/**
 * Selects the manifest of an index for a platform.
 */
import { OutboardError } from '../errors/outboard-error.ts';
import type { Descriptor, Platform } from './descriptor.ts';
import { isIndexMediaType, isManifestMediaType } from './media-types.ts';
import { normalPlatform, platformText } from './platform.ts';

/** Upper bound of platforms that an error lists. */
const maxListed = 16;

/** Variants that run on a processor of a variant, best first, for architectures that are upward compatible. */
const fallbacks: Readonly<Record<string, readonly string[]>> = {
  amd64: ['v4', 'v3', 'v2', ''],
  arm: ['v8', 'v7', 'v6', 'v5'],
};

/** Architectures of 32 bits whose programs processors of 64 bits run. */
const narrower: Readonly<Record<string, Pick<Platform, 'architecture' | 'variant'>>> = {
  amd64: { architecture: '386' },
  arm64: { architecture: 'arm', variant: 'v8' },
};

/**
 * The platforms whose programs run on a host, best first: its own with each variant below its own, then the one of 32 bits.
 * @see containerd v1.7, platforms/compare.go `platformVector`
 */
export function compatiblePlatforms(host: Platform): readonly Platform[] {
  const narrow = narrower[host.architecture];
  return [...withVariants(host), ...(narrow === undefined ? [] : withVariants({ os: host.os, ...narrow }))];
}

/** The platform itself, and those of its architecture with lower variants. */
function withVariants(platform: Platform): readonly Platform[] {
  const { os, architecture, variant = '' } = normalPlatform(platform);
  const variants = fallbacks[architecture] ?? [];
  const at = variants.indexOf(variant);
  // Extensions of a version, such as v8.2 of arm64, add to the version that has no name.
  const others = architecture === 'arm64' && variant !== '' ? [variant, ''] : [variant];
  const accepted = at === -1 ? others : variants.slice(at);
  return accepted.map((each) => ({ os, architecture, ...(each !== '' && { variant: each }) }));
}

/**
 * Choose the manifest for a platform: same os and architecture, and the best variant that it can run; of equal entries
 * the first. Entries of other media types or without a platform are skipped (attestations are `unknown/unknown`).
 * @param wanted one platform, or several in order of preference, as `compatiblePlatforms` returns them
 * @throws {OutboardError} not-found when there is none, with the platforms that there are; invalid when the match is itself
 *   an index
 * @see containerd v1.7, platforms/compare.go `Only`, `OnlyStrict`
 */
export function choosePlatform(
  descriptors: readonly Descriptor[],
  wanted: Platform | readonly Platform[],
): Descriptor {
  const platforms = 'os' in wanted ? withVariants(wanted) : wanted;
  const offered = descriptors.flatMap((descriptor) => {
    const platform = platformOf(descriptor);
    return platform === undefined ? [] : [{ descriptor, text: platformText(normalPlatform(platform)) }];
  });
  for (const platform of platforms) {
    const text = platformText(normalPlatform(platform));
    const found = offered.find((entry) => entry.text === text);
    if (found === undefined) continue;
    if (!isIndexMediaType(found.descriptor.mediaType)) return found.descriptor;
    throw new OutboardError(
      'invalid',
      `invalid index: its entry for ${text} is another index, want a manifest`,
    );
  }
  throw noMatch(
    offered.map(({ text }) => text),
    'os' in wanted ? wanted : platforms[0],
  );
}

/** @returns undefined for attestations, artifacts and entries that do not tell it */
function platformOf({ platform, mediaType }: Descriptor): Platform | undefined {
  if (!isManifestMediaType(mediaType) && !isIndexMediaType(mediaType)) return undefined;
  if (platform?.os === 'unknown' || platform?.architecture === 'unknown') return undefined;
  return platform;
}

function noMatch(offered: readonly string[], wanted: Platform | undefined): OutboardError {
  const platforms = [...new Set(offered)];
  const more = platforms.length > maxListed ? `, and ${platforms.length - maxListed} more` : '';
  const listed = platforms.slice(0, maxListed).map((text) => JSON.stringify(text));
  const offers = platforms.length === 0 ? 'none for any platform' : `${listed.join(', ')}${more}`;
  const name = wanted === undefined ? 'no platform' : platformText(wanted);
  return new OutboardError(
    'not-found',
    `no matching manifest for ${name} in the manifest list entries: it offers ${offers}`,
    { code: 'no-platform' },
  );
}
