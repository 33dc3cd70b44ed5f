/**
 * Platforms: an operating system, a processor architecture and its variant, in the names of Go and the OCI image-spec.
 */
import { OutboardError } from '../errors/outboard-error.ts';
import type { Platform } from './descriptor.ts';

/** Go's names of architectures, where Node.js has others. @see OCI image-spec v1.1.1, image-index.md "platform" */
const goArchitectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le', // Node.js supports the little-endian one only
  mipsel: 'mipsle',
};

/** Architectures of Linux in Go's names. */
const architectures: ReadonlySet<string> = new Set(
  '386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x'.split(' '),
);

/** Other names of architectures, as uname(1) and Debian have them. @see containerd v1.7, platforms/database.go */
const otherNames: ReadonlyMap<string, readonly [architecture: string, variant?: string]> = new Map([
  ['i386', ['386']],
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['aarch64', ['arm64']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
]);

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
 * Read a platform of Linux as users write it: `linux/arm64`, `linux/arm/v7`, `arm64`; `x86_64`, `aarch64` and other names
 * of architectures are understood.
 * @returns with the names and the variant of `normalPlatform`
 * @throws {OutboardError} invalid for another operating system, an unknown architecture or a malformed variant
 * @see containerd v1.7, platforms/platforms.go `Parse`
 */
export function parsePlatform(text: string): Platform {
  const words = text.toLowerCase().split('/');
  const [os = '', named = '', ofText, ...rest] = words.length === 1 ? ['linux', ...words] : words;
  const [architecture, ofName] = otherNames.get(named) ?? [named];
  const variant = ofText ?? ofName ?? '';
  if (
    os !== 'linux' ||
    !architectures.has(architecture) ||
    rest.length > 0 ||
    !/^(?:v?[0-9]{1,2}(?:\.[0-9]{1,2})?)?$/.test(variant)
  ) {
    throw new OutboardError(
      'invalid',
      `invalid platform ${JSON.stringify(text.slice(0, 100))}: want linux/ARCHITECTURE or linux/ARCHITECTURE/VARIANT, ` +
        `where ARCHITECTURE is one of ${[...architectures].join(', ')}, such as linux/arm/v7`,
    );
  }
  return normalPlatform({ os, architecture, variant });
}

/**
 * One form for equal platforms: the variants that builders leave out are left out, and numbers begin with `v`.
 * @see containerd v1.7, platforms/database.go `normalizeArch`
 */
export function normalPlatform({ os, architecture, variant = '' }: Platform): Platform {
  const numbered = /^\d/.test(variant) ? `v${variant}` : variant;
  const isDefault =
    (architecture === 'amd64' && numbered === 'v1') || (architecture === 'arm64' && numbered === 'v8');
  if (architecture === 'arm' && numbered === '') return { os, architecture, variant: 'v7' };
  return numbered === '' || isDefault ? { os, architecture } : { os, architecture, variant: numbered };
}

/** Format a platform as Docker does: `linux/arm/v7`. */
export function platformText(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return [os, architecture, ...(variant === undefined || variant === '' ? [] : [variant])].join('/');
}

function processFacts(): HostFacts {
  const { variables } = process.config;
  const armVersion = 'arm_version' in variables ? String(variables.arm_version) : undefined;
  return { arch: process.arch, os: process.platform, ...(armVersion !== undefined && { armVersion }) };
}
