import type { DirectoryLevels } from './directory-levels.ts';

export const authoringLevels: DirectoryLevels = {
  source: 'packages/authoring/src',
  levels: [['build/project', 'build/tree'], ['build/base', 'build/programs'], ['build'], ['build/publish']],
};
