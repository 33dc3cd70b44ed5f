import type { FolderLevels } from './folder-levels.ts';

export const cliLevels: FolderLevels = {
  source: 'packages/cli/src',
  levels: [
    ['client', 'context', 'options', 'references', 'template'],
    ['terminal'],
    ['credentials', 'privileges', 'progress'],
    ['commands'],
  ],
  exceptions: ['client -> credentials', 'template -> terminal'],
};
