import type { FolderLevels } from './folder-levels.ts';

export const cliLevels: FolderLevels = {
  source: 'packages/cli/src',
  levels: [
    ['context', 'options', 'references', 'terminal'],
    ['credentials', 'template'],
    ['client', 'output'],
    ['privileges', 'progress'],
    ['commands'],
  ],
  exceptions: [],
};
