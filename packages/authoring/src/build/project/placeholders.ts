/**
 * Platforms in descriptions: `{os}` and `{arch}` in the paths of a project stand for those of the platform that is built.
 */
import { hostPlatform, type Platform, platformText } from '@outboard/oci';

/** Put the names of a platform in place of `{os}`, `{arch}` and `{variant}`. */
export function forPlatform(text: string, { os, architecture, variant = '' }: Platform): string {
  return text.replaceAll('{os}', os).replaceAll('{arch}', architecture).replaceAll('{variant}', variant);
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
