import type { DirectoryLevels } from './directory-levels.ts';

export const cliLevels: DirectoryLevels = {
  source: 'packages/cli/src',
  levels: [
    ['context', 'options', 'references', 'terminal'],
    ['credentials', 'template'],
    ['client', 'output'],
    ['archive', 'completion', 'privileges', 'progress'],
    ['commands'],
    ['commands/volume', 'manual'],
  ],
};
