import type { DirectoryLevels } from './directory-levels.ts';

export const containerLevels: DirectoryLevels = {
  source: 'packages/container/src',
  levels: [
    ['linux', 'spec'],
    ['cgroup', 'logs', 'network/cni', 'rootfs', 'security', 'security/seccomp'],
    ['network', 'rootfs/jail', 'runtime'],
    ['exec'],
  ],
};
