import type { FolderLevels } from './folder-levels.ts';

export const sdkLevels: FolderLevels = {
  source: 'packages/sdk/src',
  levels: [['wire'], ['server', 'volume']],
  exceptions: [],
};
