import type { FolderLevels } from './folder-levels.ts';

export const daemonLevels: FolderLevels = {
  source: 'packages/daemon/src',
  levels: [
    ['host', 'http'],
    ['events', 'exec', 'logging', 'plugin-list', 'plugin-logs'],
    ['configuration', 'routes/docker', 'routes/docker/volumes', 'routes/outboard'],
    ['authorization', 'listen', 'routes', 'service'],
    ['metrics'],
  ],
  exceptions: [],
};
