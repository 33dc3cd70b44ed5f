import type { DirectoryLevels } from './directory-levels.ts';

export const gatewayLevels: DirectoryLevels = {
  source: 'packages/gateway/src',
  levels: [['aliases', 'protection', 'sockets', 'translation'], ['exchange']],
};
