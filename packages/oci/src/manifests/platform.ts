/**
 * Selects the manifest of an index for the host's platform.
 */
import { OutboardError } from '../errors/outboard-error.ts';
import type { Descriptor, Platform } from './descriptor.ts';
import { isIndexMediaType, isManifestMediaType } from './media-types.ts';

/** Go's names of architectures, where Node.js has others. @see OCI image-spec v1.1.1, image-index.md "platform" */
const goArchitectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le', // Node.js supports the little-endian one only
  mipsel: 'mipsle',
};

/** Variants that each Arm variant can run, best first. Other architectures run their own variant only. */
const armFallbacks: Readonly<Record<string, readonly string[]>> = {
  v8: ['v8', 'v7', 'v6', 'v5'],
  v7: ['v7', 'v6', 'v5'],
  v6: ['v6', 'v5'],
  v5: ['v5'],
};

/** Properties of the host that determine its platform, as `process.arch` and `process.platform` name them. */
export interface HostFacts {
  readonly arch: string;
  readonly os: string;
  /** 5 to 8 on 32-bit Arm: the version that Node.js was built for, which the processor can run. */
  readonly armVersion?: string | undefined;
}

/** The platform of this host in the OCI image spec's names. @param facts default: this process */
export function hostPlatform(facts: HostFacts = processFacts()): Platform {
  const architecture = goArchitectures[facts.arch] ?? facts.arch;
  const variant =
    architecture === 'arm' ? `v${facts.armVersion ?? '7'}` : architecture === 'arm64' ? 'v8' : undefined;
  return { os: facts.os, architecture, ...(variant !== undefined && { variant }) };
}

/**
 * Choose the manifest for a platform: same os and architecture, and the best variant that it can run; of equal entries
 * the first. Entries of other media types or without a platform are skipped (attestations are `unknown/unknown`).
 * @throws {OutboardError} not-found when there is none; invalid when the match is itself an index
 * @see containerd v1.7, platforms/compare.go `Only`
 */
export function choosePlatform(descriptors: readonly Descriptor[], wanted: Platform): Descriptor {
  const variants = acceptableVariants(wanted);
  let best: { descriptor: Descriptor; rank: number } | undefined;
  for (const descriptor of descriptors) {
    const rank = rankOf(descriptor, wanted, variants);
    if (rank !== -1 && (best === undefined || rank < best.rank)) best = { descriptor, rank };
  }
  if (best === undefined) throw noMatch(descriptors, wanted);
  if (isIndexMediaType(best.descriptor.mediaType)) {
    throw new OutboardError(
      'invalid',
      `invalid index: its entry for ${platformText(wanted)} is another index, want a manifest`,
    );
  }
  return best.descriptor;
}

/** Format a platform as Docker does: `linux/arm/v7`. */
export function platformText(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return [os, architecture, ...(variant === undefined || variant === '' ? [] : [variant])].join('/');
}

/** Position of an entry's variant among the acceptable ones; -1 for another platform. */
function rankOf(descriptor: Descriptor, wanted: Platform, variants: readonly string[]): number {
  const { platform, mediaType } = descriptor;
  if (!isManifestMediaType(mediaType) && !isIndexMediaType(mediaType)) return -1;
  if (platform === undefined || platform.os === 'unknown' || platform.architecture === 'unknown') return -1;
  if (platform.os !== wanted.os || platform.architecture !== wanted.architecture) return -1;
  return variants.indexOf(normalVariant(platform));
}

function acceptableVariants(wanted: Platform): readonly string[] {
  const variant = normalVariant(wanted);
  const fallbacks = wanted.architecture === 'arm' ? armFallbacks[variant] : undefined;
  return fallbacks ?? [variant];
}

/** The variant, with the default that builders omit. @see containerd v1.7, platforms/database.go `normalizeArch` */
function normalVariant({ architecture, variant = '' }: Platform): string {
  const numbered = /^\d+$/.test(variant) ? `v${variant}` : variant;
  if (numbered !== '') return architecture === 'amd64' && numbered === 'v1' ? '' : numbered;
  if (architecture === 'arm') return 'v7';
  return architecture === 'arm64' ? 'v8' : '';
}

function noMatch(descriptors: readonly Descriptor[], wanted: Platform): OutboardError {
  const platforms = new Set(
    descriptors.flatMap(({ platform }) => (platform === undefined ? [] : [platformText(platform)])),
  );
  const offered = [...platforms].filter((text) => !text.startsWith('unknown/')).slice(0, 16);
  return new OutboardError(
    'not-found',
    `no matching manifest for ${platformText(wanted)} in the manifest list entries: it offers ${JSON.stringify(offered)}`,
  );
}

function processFacts(): HostFacts {
  const { variables } = process.config;
  const armVersion = 'arm_version' in variables ? String(variables.arm_version) : undefined;
  return { arch: process.arch, os: process.platform, ...(armVersion !== undefined && { armVersion }) };
}
