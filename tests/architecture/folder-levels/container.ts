import type { FolderLevels } from './folder-levels.ts';

export const containerLevels: FolderLevels = {
  source: 'packages/container/src',
  levels: [
    ['linux', 'spec'],
    ['cgroup', 'logs', 'network/cni', 'rootfs', 'security', 'security/seccomp'],
    ['network', 'rootfs/jail', 'runtime'],
    ['exec'],
  ],
  exceptions: [],
};
