import type { DirectoryLevels } from './directory-levels.ts';

export const gatewayLevels: DirectoryLevels = {
  source: 'packages/gateway/src',
  levels: [['aliases', 'calls', 'protection', 'sockets', 'translation'], ['exchange']],
};
