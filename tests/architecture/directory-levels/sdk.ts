import type { DirectoryLevels } from './directory-levels.ts';

export const sdkLevels: DirectoryLevels = {
  source: 'packages/sdk/src',
  levels: [['wire'], ['server', 'volume']],
};
