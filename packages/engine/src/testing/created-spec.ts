import type { RuntimeSpec, SpecDevice } from '@outboard/container';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import type { PluginConfig } from '../config/plugin-config.ts';
import { initialSettings } from '../config/settings.ts';
import { createRuntimeSpec, type RuntimeSpecInput } from '../spec/create-runtime-spec.ts';

/** A config with an entrypoint. */
export const read = (config: object): PluginConfig => {
  return parsePluginConfig(Buffer.from(JSON.stringify({ entrypoint: ['/p'], ...config }))).config;
};

/** The spec of a config, with the settings and the network that it begins with. */
export function create(config: PluginConfig, more: Partial<RuntimeSpecInput> = {}) {
  return createRuntimeSpec({
    config,
    settings: initialSettings(config),
    rootfsPath: '/data/rootfs',
    propagatedMountPath: '/data/propagated-mount',
    socketDirectory: '/exec/plugins/id',
    devices: [],
    cgroupsPath: '/outboard/id',
    security: { noNewPrivileges: true, readOnlyRootfs: false },
    ...(config.network.type === 'bridge' && { network: bridged }),
    ...more,
  });
}

/** The network of a plugin whose config asks for a bridge. */
export const bridged = {
  namespacePath: '/exec/networks/plugins/id/netns',
  hostsPath: '/exec/networks/plugins/id/hosts',
  resolvConfPath: '/exec/networks/plugins/id/resolv.conf',
  hostname: 'id',
};

/** The device that plugins with file systems use. */
export const fuse: SpecDevice = {
  path: '/dev/fuse',
  type: 'c',
  major: 10,
  minor: 229,
  fileMode: 0o666,
  uid: 0,
  gid: 0,
};
/** A recursive bind mount. */
export const bind = (source: string | null, destination: string, ...options: string[]) => ({
  type: 'bind',
  source,
  destination,
  options: ['rbind', ...options],
});
/** The mounts of a spec at one path. */
export const mountAt = (spec: RuntimeSpec, destination: string) =>
  spec.mounts.filter((mount) => mount.destination === destination);
