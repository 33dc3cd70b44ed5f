import type { DirectoryLevels } from './directory-levels.ts';

export const sdkLevels: DirectoryLevels = {
  source: 'packages/sdk/src',
  levels: [
    ['wire', 'state'],
    ['server', 'authorization', 'ipam', 'log', 'metrics', 'network', 'secret', 'volume'],
  ],
};
