/**
 * Checks mounts in the mount namespaces of plugins and of this process.
 */
import type { MountCheck } from './mount-check.ts';

/** The check of managed plugins; paths of others are on the host already. */
export function createMountCheck(): MountCheck {
  return {
    async check(driver, mountpoint, options) {
      return { hostPath: await driver.toHostPath(mountpoint, options), fileSystem: '', device: '' };
    },
  };
}
