/** Volumes that are directories. Put a file system of yours in place: mount it in `mount`, and undo that in `unmount`. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PluginError, type VolumeDriver } from '@outboard/sdk';

export function openDriver(root: string): VolumeDriver {
  /** The directory of a volume. Names come from anyone who may create volumes: no name may leave the root. */
  const pathOf = (name: string): string => {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}$/.test(name)) {
      throw new PluginError(`invalid volume name "${name}": want letters, digits, "_", "." and "-"`);
    }
    return join(root, name);
  };
  return {
    async create({ name, options }) {
      for (const [option] of options) throw new PluginError(`unknown option "${option}": there are none`);
      await mkdir(pathOf(name));
    },
    async remove(name) {
      await rm(pathOf(name), { recursive: true });
    },
    async mount(name) {
      return pathOf(name);
    },
    async unmount() {
      // Nothing was mounted.
    },
    async get(name) {
      const mountpoint = pathOf(name);
      return existsSync(mountpoint) ? { name, mountpoint } : undefined;
    },
    async list() {
      const names = (await readdir(root)).filter((name) => !name.startsWith('.'));
      return names.map((name) => ({ name, mountpoint: pathOf(name) }));
    },
  };
}
