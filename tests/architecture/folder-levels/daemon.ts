import type { FolderLevels } from './folder-levels.ts';

export const daemonLevels: FolderLevels = {
  source: 'packages/daemon/src',
  levels: [
    ['authorization', 'host'],
    ['configuration', 'http'],
    ['events', 'listen', 'log', 'service'],
    ['metrics', 'routes'],
    ['logs', 'routes/volumes'],
  ],
  exceptions: [
    'authorization -> configuration',
    'authorization -> http',
    'configuration -> log',
    'routes -> logs',
    'routes -> routes/volumes',
  ],
};
