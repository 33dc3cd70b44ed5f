import type { FolderLevels } from './folder-levels.ts';

export const containerLevels: FolderLevels = {
  source: 'packages/container/src',
  levels: [
    ['linux'],
    ['network/cni', 'runtime', 'runtime/apparmor'],
    ['logs', 'network', 'rootfs'],
    ['exec', 'rootfs/jail', 'runtime/seccomp'],
  ],
  exceptions: ['runtime -> logs'],
};
