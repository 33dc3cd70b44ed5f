import type { DirectoryLevels } from './directory-levels.ts';

export const gatewayLevels: DirectoryLevels = {
  source: 'packages/gateway/src',
  levels: [
    ['aliases', 'calls', 'consumers', 'protection', 'sockets', 'translation'],
    ['consumers/docker', 'consumers/nomad', 'consumers/podman', 'exchange'],
  ],
};
