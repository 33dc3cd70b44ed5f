import type { DirectoryLevels } from './directory-levels.ts';

export const gatewayLevels: DirectoryLevels = {
  source: 'packages/gateway/src',
  levels: [
    ['aliases', 'consumers', 'protection', 'sockets', 'translation'],
    ['calls', 'consumers/docker', 'consumers/nomad', 'consumers/podman'],
    ['exchange'],
  ],
};
