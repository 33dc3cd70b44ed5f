/**
 * Platforms in descriptions: `{os}` and `{arch}` in the paths of a project stand for those of the platform that is built.
 */
import { hostPlatform, OutboardError, type Platform, platformText } from '@outboard/oci';

const known: ReadonlySet<string> = new Set(
  '386 amd64 arm arm64 loong64 mips64le mipsle ppc64le riscv64 s390x'.split(' '),
);

/** Put the names of a platform in place of `{os}`, `{arch}` and `{variant}`. */
export function forPlatform(text: string, { os, architecture, variant = '' }: Platform): string {
  return text.replaceAll('{os}', os).replaceAll('{arch}', architecture).replaceAll('{variant}', variant);
}

/**
 * Read a platform such as `linux/arm64` or `linux/arm/v7`.
 * @throws {OutboardError} invalid
 */
export function parsePlatform(text: string): Platform {
  const [os = '', architecture = '', variant, ...rest] = text.split('/');
  if (os !== 'linux' || !known.has(architecture) || rest.length > 0) {
    const names = [...known].join(', ');
    throw new OutboardError(
      'invalid',
      `invalid platform "${text}": want linux/ARCHITECTURE, where ARCHITECTURE is one of ${names}`,
    );
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** True when programs of the platform run on this host. */
export function isHostPlatform(platform: Platform): boolean {
  const host = hostPlatform();
  return platform.os === host.os && platform.architecture === host.architecture;
}

/** Directory name of a platform: `linux-arm64`, `linux-arm-v7`. */
export function platformDirectory(platform: Platform): string {
  return platformText(platform).replaceAll('/', '-');
}
