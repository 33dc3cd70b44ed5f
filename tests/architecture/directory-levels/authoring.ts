import type { DirectoryLevels } from './directory-levels.ts';

export const authoringLevels: DirectoryLevels = {
  source: 'packages/authoring/src',
  levels: [['build/project', 'build/tree'], ['build/programs'], ['build']],
};
