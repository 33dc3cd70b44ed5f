import type { DirectoryLevels } from './directory-levels.ts';

export const daemonLevels: DirectoryLevels = {
  source: 'packages/daemon/src',
  levels: [
    ['host', 'http'],
    ['events', 'exec', 'logging', 'plugin-list', 'plugin-logs'],
    ['configuration', 'routes/docker', 'routes/docker/volumes', 'routes/outboard'],
    ['authorization', 'listen', 'routes', 'service'],
    ['metrics'],
  ],
};
