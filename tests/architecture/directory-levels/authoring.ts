import type { DirectoryLevels } from './directory-levels.ts';

export const authoringLevels: DirectoryLevels = {
  source: 'packages/authoring/src',
  levels: [
    ['build/project', 'build/tree', 'catalog', 'check/report', 'check/session', 'registry', 'scaffold'],
    ['build/base', 'build/programs', 'check/kinds'],
    ['build', 'check', 'develop'],
    ['build/publish'],
  ],
};
